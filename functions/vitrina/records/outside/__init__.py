"""Documents about what other systems than trackers have: deals of the CRM, what a new project still lacks."""
