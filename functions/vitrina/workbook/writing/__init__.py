"""Builds guarded changes of a workbook as requests of Google. Pure."""
