"""What work is expected to take, learned from finished work. Pure."""
