"""Jobs about the clients' pages."""
