"""The emulators behave as what they stand in for."""
