"""Asks accounting for invoices and closing documents, and follows what it answers."""
