"""Task trackers: each speaks one outside system and implements ``TaskTracker``."""
