"""Actions of a person on the agency as a whole: its norms, load, checks."""
