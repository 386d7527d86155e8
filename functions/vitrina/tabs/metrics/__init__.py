"""What the add-on writes into *Метрики*."""
