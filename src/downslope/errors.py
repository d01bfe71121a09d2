"""The one exception that every room raises for a mistake its caller can mend."""

__all__ = ["DownslopeError", "UnknownParameterError", "UnknownTargetError"]


class DownslopeError(ValueError):
    """Input that cannot be used as given.

    The message is one string for the person at the keyboard: what was found, where (file, column,
    row, layer), and what to do. The command line prints it and exits with code 2.
    """


class UnknownParameterError(DownslopeError, TypeError):
    """A keyword that a function does not have, which Python itself calls a TypeError."""


class UnknownTargetError(DownslopeError, KeyError):
    """A target that none of several models is of, which a mapping has to call a KeyError."""

    __str__ = Exception.__str__  # that of a KeyError quotes the message
