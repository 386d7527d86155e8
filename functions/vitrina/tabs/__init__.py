"""Tabs that the add-on draws in the workbooks."""
