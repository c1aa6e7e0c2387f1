"""The audit: what leakage between training and test is worth, and coded checks of a labelled set."""
