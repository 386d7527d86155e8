"""The report about a metric that lags, for its client."""
