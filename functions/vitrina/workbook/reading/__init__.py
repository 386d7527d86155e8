"""Converts a workbook as Google returns it to typed rows. Pure."""
