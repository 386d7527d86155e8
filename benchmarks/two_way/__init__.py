"""Random edits on both sides of a project: no edit is lost, both sides end equal, nothing echoes for ever."""
