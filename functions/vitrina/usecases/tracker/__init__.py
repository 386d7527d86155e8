"""Actions of a person on the task tracker: push and refresh."""
