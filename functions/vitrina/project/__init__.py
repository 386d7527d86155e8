"""What an action knows of a project and its agency before it decides."""
