"""Actions of a person on the backlog and the plan: estimate, build and start a batch."""
