"""Sending: from a draft to what became of it."""
