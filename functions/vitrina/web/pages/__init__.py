"""HTML of the clients' pages: templates, what is safe to show in them, and what a form proves."""
