"""Whether a metric lags behind its goal by more than chance explains."""
