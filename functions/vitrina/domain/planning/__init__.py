"""Plans which work enters a period, who does it and when. Pure."""
