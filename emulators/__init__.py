"""The outside world on one machine: servers that speak the real wire protocols."""
