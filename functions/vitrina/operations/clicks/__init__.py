"""Clicks of the menu: who may click, one use of each click, and what people wait for."""
