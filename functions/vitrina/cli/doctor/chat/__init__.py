"""Looks at the chat of the installation, and tries in a test group what is assumed about it."""
