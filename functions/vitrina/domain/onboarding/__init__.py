"""Onboarding: the first tasks of a project, from a template of the agency."""
