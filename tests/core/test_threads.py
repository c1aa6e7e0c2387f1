from __future__ import annotations

import pytest

from slowpaths.core import threads


def test_a_share_is_at_least_one_thread_and_at_most_the_cores(monkeypatch):
    monkeypatch.setattr(threads, "_share", None)
    cores = threads.available_threads()
    assert cores >= 1
    for asked, got in ((0, 1), (1, 1), (cores, cores), (cores + 5, cores)):
        threads.limit_threads(asked)
        assert threads.available_threads() == got


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setattr(threads, "_share", threads._share)
