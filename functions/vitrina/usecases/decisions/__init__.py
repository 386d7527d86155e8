"""What clients decide about finished work, and what follows from it."""
