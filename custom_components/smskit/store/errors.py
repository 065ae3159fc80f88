"""What can go wrong with the database of an account."""


class StoreError(Exception):
    """Something could not be stored or read; the text names the kind, never a value."""
