"""Actions of the menu: one module for each."""
