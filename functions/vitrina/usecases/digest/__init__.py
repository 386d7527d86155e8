"""The weekly digest of a project for its client."""
