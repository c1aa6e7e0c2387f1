"""The review page and the exporters."""
