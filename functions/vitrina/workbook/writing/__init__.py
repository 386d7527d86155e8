"""Guarded changes of a workbook as Google's requests. Pure."""
