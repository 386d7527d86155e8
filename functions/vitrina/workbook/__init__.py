"""A workbook between Google and the domain: template → requests, rows ↔ items, guarded writes. All pure."""
