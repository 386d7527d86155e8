"""What a change did to a workbook, and how it is undone."""
