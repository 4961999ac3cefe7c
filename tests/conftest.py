"""Fixtures for every test; the servers and the browser come from the plugin ``dashboard.testing``."""
