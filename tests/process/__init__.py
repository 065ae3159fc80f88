"""The real Home Assistant, killed at random moments, and what is left of its work."""
