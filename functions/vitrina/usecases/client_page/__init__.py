"""The client's page: what is drawn of a project, the links to it, and what a client adds there."""
