"""The one exception that every room raises for a mistake its caller can mend."""

__all__ = ["DownslopeError"]


class DownslopeError(ValueError):
    """Input that cannot be used as given.

    The message is one string for the person at the keyboard: what was found, where (file, column,
    row, layer), and what to do. The command line prints it and exits with code 2.
    """
