"""What a change of a metric is made of, and what may be compared."""
