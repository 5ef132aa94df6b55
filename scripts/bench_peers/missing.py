"""What says that a peer cannot be run here."""


class Missing(Exception):
    """What a peer needs is not installed."""
