"""Clicks through the page in headless Chromium."""
