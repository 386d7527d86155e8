"""Runs the add-on in a JavaScript engine."""
