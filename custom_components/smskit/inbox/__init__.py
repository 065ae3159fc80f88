"""The inbox: what came in, and who waits for it."""
