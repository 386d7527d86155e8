"""Vitrina: the client's window onto an agency's work."""

#: The release, the same as in pyproject.toml. ``/health`` tells it.
__version__ = "0.1.0"
