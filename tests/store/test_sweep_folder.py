from __future__ import annotations

import pytest

from slowpaths.core.errors import TableError
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.sweep_folder import Cell, SweepFolder


def cell(folder, name: str, fingerprint: str = "f", **axes: str) -> Cell:
    return Cell(name=name, overrides=("a=1",), axes=axes, fingerprint=fingerprint)


def state(name: str, fingerprint: str = "f", **metrics: float) -> RunState:
    return RunState(verb="train", state=name, fingerprint=fingerprint, metrics=metrics, seconds=2.0)


def test_the_table_has_a_row_a_cell_whatever_its_state(tmp_path):
    sweep = SweepFolder(tmp_path)
    sweep.add(
        [cell(tmp_path, "seed-1", seed="1"), cell(tmp_path, "seed-0", seed="0"), cell(tmp_path, "seed-2", seed="2")]
    )
    RunFolder(tmp_path / "seed-0").write_state(state("done", f1=0.5))
    RunFolder(tmp_path / "seed-1").write_state(state("running"))
    rows = sweep.table().to_pylist()
    assert [(row["cell"], row["state"], row["override_seed"], row["metric_f1"]) for row in rows] == [
        ("seed-0", "done", "0", 0.5),
        ("seed-1", "killed", "1", None),
        ("seed-2", "waiting", "2", None),
    ]
    with sweep.lock("seed-1") as is_mine:
        assert is_mine
        assert sweep.table()["state"].to_pylist() == ["done", "running", "waiting"]


def test_a_run_of_another_configuration_is_not_the_cell(tmp_path):
    sweep = SweepFolder(tmp_path)
    sweep.add([cell(tmp_path, "seed-0", fingerprint="new")])
    RunFolder(tmp_path / "seed-0").write_state(state("done", fingerprint="old"))
    assert sweep.table()["state"].to_pylist() == ["waiting"]


def test_cells_are_added_once_and_stay(tmp_path):
    sweep = SweepFolder(tmp_path)
    sweep.add([cell(tmp_path, "b")])
    sweep.add([cell(tmp_path, "a"), cell(tmp_path, "b")])
    assert [item.name for item in sweep.plan()] == ["a", "b"]


def test_a_lock_is_held_by_one(tmp_path):
    sweep = SweepFolder(tmp_path)
    with sweep.lock("x") as first, sweep.lock("x") as second:
        assert (first, second) == (True, False)
    with sweep.lock("x") as again:
        assert again


def test_what_is_no_sweep_is_named(tmp_path):
    SweepFolder(tmp_path).plan_file.write_text("[]")
    with pytest.raises(TableError, match="is not the plan of a sweep"):
        SweepFolder(tmp_path).plan()
