"""Adapters for Google: Sheets and Drive, ID tokens, and the queue."""
