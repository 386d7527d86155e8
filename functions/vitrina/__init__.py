"""Vitrina: the client's window onto an agency's work."""
