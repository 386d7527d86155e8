"""The probes, one module for each subject; ``report`` runs them in order."""
