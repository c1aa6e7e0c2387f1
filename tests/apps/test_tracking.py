"""A run is what it was as long as its configuration and what its inputs say are."""

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from slowpaths.apps._tracking import decides

KEYS = ["footage", "truth", "split_of", "corrections", "poses_truth", "teacher"]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    for name in KEYS:
        (tmp_path / f"{name}.csv").write_text(name)
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_bytes(b"film")
    return tmp_path


def found(inputs: Path, **more) -> str:
    files = {key: str(inputs / f"{key}.csv") for key in KEYS}
    return decides(OmegaConf.create({**files, "out": str(inputs / "films" / "out"), "rate": 0.1, **more}))


@pytest.mark.parametrize("key", KEYS)
def test_what_a_file_says_counts_under_any_key(inputs: Path, key: str) -> None:
    before = found(inputs)
    (inputs / f"{key}.csv").write_text("something else")
    assert found(inputs) != before


def test_files_of_lists_and_of_parts_count(inputs: Path) -> None:
    more = {"company": [str(inputs / "films")], "rules": {"paths": [str(inputs / "rules.py")]}}
    (inputs / "rules.py").write_text("one")
    before = found(inputs, **more)
    assert found(inputs, **more) == before
    (inputs / "rules.py").write_text("two")
    after = found(inputs, **more)
    assert after != before
    (inputs / "films" / "b.mp4").write_bytes(b"another")
    assert found(inputs, **more) != after


def test_a_film_that_was_replaced_counts_and_what_a_run_wrote_does_not(inputs: Path) -> None:
    films = {"footage": [str(inputs / "films")]}
    before = found(inputs, **films)
    (inputs / "films" / "out").mkdir()
    (inputs / "films" / "out" / "report.csv").write_text("1")
    assert found(inputs, **films) == before
    os.utime(inputs / "films" / "a.mp4", ns=(1, 1))
    assert found(inputs, **films) != before


def test_where_and_how_it_runs_does_not_count(inputs: Path) -> None:
    assert found(inputs, workers=2, logger="csv", note="x" * 5000) == found(inputs, workers=1, note="x" * 5000)
    assert found(inputs, rate=0.2) != found(inputs)
