"""Stands in for a package that Home Assistant's voice assistant imports.

There are no wheels of it for every Python, and nobody talks to the demo.
"""
# ruff: noqa: INP001 - a folder on the module path, not a package


class AudioProcessor:
    """Would take noise out of voices."""
