"""Alarms, dashboard and health check of an installation in Google Cloud Monitoring."""
