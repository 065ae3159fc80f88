"""The demo: the real Home Assistant, a portal, and what happens between them."""
