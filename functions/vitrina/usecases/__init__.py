"""What staff can do: one module for each action."""
