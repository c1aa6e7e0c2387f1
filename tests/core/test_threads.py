from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from slowpaths.core import threads


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Leave this process its own threads."""
    for name in (threads.SHARE, *threads.VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_a_share_is_at_least_one_thread_and_at_most_the_cores(monkeypatch):
    monkeypatch.setattr(threads, "_QUOTA", threads.Path("/nowhere"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)))
    assert threads.available_threads() == 6
    assert [threads.share_threads(num) for num in (0, 1, 2, 4, 7)] == [6, 6, 3, 1, 1]
    monkeypatch.setenv(threads.SHARE, "4")
    assert (threads.available_threads(), threads.share_threads(2)) == (4, 2)
    monkeypatch.setenv(threads.SHARE, "9")
    assert threads.available_threads() == 6


@pytest.mark.parametrize(("text", "cores"), [("150000 100000", 2), ("max 100000", 6), ("50000 100000", 1), ("", 6)])
def test_the_limit_of_a_container_counts(monkeypatch, tmp_path, text, cores):
    monkeypatch.setattr(threads, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)))
    (tmp_path / "cpu.max").write_text(text)
    assert threads.available_threads() == cores


def test_what_the_environment_bounds_more_tightly_stays(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(threads, "available_threads", lambda: 4)
    for name, value in (("OMP_NUM_THREADS", "1"), ("MKL_NUM_THREADS", "8"), ("OPENBLAS_NUM_THREADS", "")):
        monkeypatch.setenv(name, value)
    assert threads.limit_threads(3) == 3
    found = [os.environ[name] for name in (threads.SHARE, "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
    assert found == ["3", "1", "3", "3"]


def _threads_of_libraries(has_torch: bool) -> dict[str, int]:
    import cv2
    import numpy  # noqa: F401  (loads its BLAS)
    from threadpoolctl import threadpool_info

    found = {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info()}
    found |= {"cv2": cv2.getNumThreads(), "ours": threads.available_threads()}
    if has_torch:
        import torch

        found["torch"] = torch.get_num_threads()
    return found


@pytest.mark.parametrize("is_loaded", [False, True])
def test_two_workers_use_no_more_threads_than_the_cores(monkeypatch, is_loaded):
    """Whether a worker is bounded before its libraries are loaded or after, in the environment or by its own call."""
    cores = 2
    monkeypatch.setattr(threads, "available_threads", lambda: cores)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    for name in threads.VARIABLES:
        monkeypatch.setenv(name, str(cores))
    share = threads.share_threads(2)
    start = (_load_then_limit, (share,)) if is_loaded else (threads.limit_threads, (share,))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=start[0], initargs=start[1]) as pool:
        workers = [pool.submit(_threads_of_libraries, is_loaded) for _ in range(2)]
        for worker in workers:
            found = worker.result()
            assert set(found) >= {"cv2", "ours", "openblas"}
            assert set(found.values()) == {1}, found


def _load_then_limit(num: int) -> None:
    import cv2  # noqa: F401
    import numpy  # noqa: F401
    import torch  # noqa: F401

    threads.limit_threads(num)
