"""Documents of the store by kind, typed."""
