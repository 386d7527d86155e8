"""Jobs of the requests to accounting."""
