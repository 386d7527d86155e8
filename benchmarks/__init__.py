"""Measurements that are run by hand and by CI. The product imports none of them."""
