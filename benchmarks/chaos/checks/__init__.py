"""Compares what came of visits with what people tried and were told."""
