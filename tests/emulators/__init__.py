"""The emulators behave as the real services."""
