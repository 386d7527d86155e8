"""Tries on a scratch board of a live account what ``docs/assumptions.md`` assumes about its tracker."""
