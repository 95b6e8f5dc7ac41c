"""The demo contract."""
