"""Expected hours of work, learned from finished work. Pure."""
