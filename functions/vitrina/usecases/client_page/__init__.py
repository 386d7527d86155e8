"""What a client adds from his page."""
