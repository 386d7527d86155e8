"""One module for each action of a clock or a webhook."""
