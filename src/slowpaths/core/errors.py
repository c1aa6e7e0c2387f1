"""Errors a user can cause. Every message is one sentence that says what to do next."""


class SlowpathsError(Exception):
    """Report something the user gave that cannot be used; the message names the cure."""

    exit_code = 1


class UsageError(SlowpathsError):
    """Report a wrong call: an unknown verb, key, rule, label or value."""

    exit_code = 2


class BrokenVideoError(SlowpathsError):
    """Report a video that cannot be read; mining turns it into a quarantine row."""


class TableError(SlowpathsError):
    """Report a table with missing or wrong columns, or one written by another version."""


class MissingWeightsError(SlowpathsError):
    """Report model weights that are neither in the local folders nor downloadable."""


class MissingDependencyError(SlowpathsError):
    """Report an optional package that a chosen backend needs."""
