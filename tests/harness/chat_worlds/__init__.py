"""Chats with people in them, for the tests of the port ``Chat``."""
