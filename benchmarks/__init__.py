"""Measurements that are run by hand and by CI; none of them is imported by the product."""
