"""What is kept of the metrics of a project: where their facts come from, and the facts by day."""
