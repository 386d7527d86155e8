"""Judges requests by a vendor's OpenAPI file with Prism."""
