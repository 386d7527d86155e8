"""A world for each tracker: the tracker with people in it, for the contract of the port."""
