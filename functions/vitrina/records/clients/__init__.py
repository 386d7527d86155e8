"""What clients have handed over."""
