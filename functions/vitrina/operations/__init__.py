"""How actions run: lease, journal, quota, retry, undo record."""
