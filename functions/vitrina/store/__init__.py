"""Keeps what has to outlive a request. README.md lists the kinds of documents."""
