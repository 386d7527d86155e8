"""Is the installation complete: settings, store, queue, timer and functions."""
