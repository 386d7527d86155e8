"""Actions of a person on one client: a new one, an invitation, what the client sees."""
