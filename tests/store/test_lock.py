"""One writer a folder, and what killed writes leave behind."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from slowpaths.core.errors import SlowpathsError
from slowpaths.store.lock import hold, remove_leftovers, sole_writer

REFUSED = "another run is writing .*: wait until it ends, or choose another out="


def test_the_second_is_refused_under_any_name_and_nothing_is_left(tmp_path):
    out = tmp_path / "runs" / "mined"
    (tmp_path / "link").symlink_to(out)
    with sole_writer(out):
        assert not out.exists()  # it is not made: an empty folder would look begun
        for name in (out, tmp_path / "link", out.parent / "x" / ".." / "mined"):
            with pytest.raises(SlowpathsError, match=REFUSED), sole_writer(name):
                pass
        with sole_writer(out / "inside"), sole_writer(out.parent / "other"):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
    with sole_writer(out):
        out.mkdir()
    assert out.is_dir()


def test_parts_write_side_by_side_and_nobody_else(tmp_path):
    out = tmp_path / "mined"
    with sole_writer(out, part="1-of-2"):
        with sole_writer(out, part="2-of-2"):
            for part in ("", "1-of-2"):
                with pytest.raises(SlowpathsError, match=REFUSED), sole_writer(out, part=part):
                    pass
        with pytest.raises(SlowpathsError, match=REFUSED), sole_writer(out):
            pass
    with sole_writer(out), pytest.raises(SlowpathsError, match=REFUSED), sole_writer(out, part="1-of-2"):
        pass
    assert list(tmp_path.iterdir()) == []


def hold_for_ever(folder: Path, is_held) -> None:
    with sole_writer(folder):
        is_held.set()
        signal.pause()


def test_the_lock_of_a_killed_process_blocks_nobody(tmp_path):
    context = multiprocessing.get_context("fork")
    is_held = context.Event()
    process = context.Process(target=hold_for_ever, args=(tmp_path / "mined", is_held))
    process.start()
    assert is_held.wait(60)
    with pytest.raises(SlowpathsError, match=REFUSED), sole_writer(tmp_path / "mined"):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert (tmp_path / ".mined.lock").exists()
    with sole_writer(tmp_path / "mined"):
        pass
    assert not (tmp_path / ".mined.lock").exists()


def test_a_file_that_its_holder_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """Whoever opened the file before it was removed would hold another lock than whoever comes next."""
    path, real = tmp_path / "lock", fcntl.flock
    removed = []

    def flock(stream, how):
        if not removed:
            removed.append(path.unlink())
        real(stream, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with hold(path) as first, hold(path) as second:
        assert (first, second) == (True, False) and path.exists()


def test_where_locks_are_not_to_be_had_it_is_said(tmp_path, monkeypatch, caplog):
    def flock(stream, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with sole_writer(tmp_path / "mined"):
        assert "cannot be locked (No locks available): start no second run on this folder" in caplog.text


def test_what_killed_writes_left_is_removed_but_not_below_what_another_run_writes(tmp_path):
    ours, part = tmp_path / "mined", ".labels.parquet.ab12_xyz.part"
    mine = [ours / part, ours / "clips" / part, ours / "shards" / ".v.00000000.part" / "shots.parquet"]
    not_mine = [ours / "inner" / part, ours / "sweep" / "seed-0" / part, ours / ".my.part", ours / "labels.part"]
    for path in (*mine, *not_mine, ours / ".inner.lock", ours / "sweep" / ".locks" / "seed-0"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    remove_leftovers(ours)
    assert [path.exists() for path in (*mine, *not_mine)] == [False] * 3 + [True] * 4
    assert not mine[2].parent.exists()
