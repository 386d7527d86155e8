"""The planning core. Pure: no I/O, no clock, no vendor's words, nothing of ours imported."""
