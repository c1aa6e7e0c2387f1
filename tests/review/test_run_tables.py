"""Damaged files of a run: one sentence that names the file and the place in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from slowpaths.core.errors import TableError
from slowpaths.review.comparison import read_runs
from slowpaths.review.comparison_page import comparison_page
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.sweep_folder import Cell, SweepFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "one")
    run.write_state(RunState(verb="train", state="done", fingerprint="f", metrics={"val/top1": 0.5}))
    run.history.write_text("epoch,step,val/nll,val/top1\n0,3,1.5,0.25\n1,6,,0.5\n")
    run.confusion.write_text("true,cut,sweep\ncut,3,1\n")
    return run


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("history", "epoch,val/nll\n0,1.5\n1,high\n", r"history\.csv line 3, column val/nll: 'high' is not a number"),
        ("history", "epoch,val/nll\n0,1.5,2\n", r"history\.csv line 2: there are 3 values for 2 columns"),
        ("confusion", "true,cut\ncut,\n", r"confusion\.csv line 2, column cut: '' is not a number"),
        ("confusion", "true,cut\ncut,nan\n", r"confusion\.csv line 2, column cut: 'nan' is no count"),
        ("confusion", "stroke,cut\ncut,3\n", r"confusion\.csv: there is no column 'true'"),
    ],
)
def test_a_damaged_table_of_a_run_is_named_with_its_line(folder: RunFolder, name: str, text: str, message: str) -> None:
    getattr(folder, name).write_text(text)
    with pytest.raises(TableError, match=f"one/{message}"):
        read_runs([folder.path])


def test_a_table_that_is_no_text_is_named(folder: RunFolder) -> None:
    folder.history.write_bytes(b"epoch,a\n0,\xff\n")
    with pytest.raises(TableError, match=r"history\.csv is not a readable CSV file"):
        read_runs([folder.path])


@pytest.mark.parametrize(("key", "value"), [("val/top1", "high"), ("val/top1", None), ("val/top1", float("nan"))])
def test_a_metric_that_is_no_number_is_named_of_a_run_and_of_a_cell(folder: RunFolder, key: str, value: object) -> None:
    state = json.loads(folder.state_file.read_text())
    folder.state_file.write_text(json.dumps(state | {"metrics": {key: value}}))
    SweepFolder(folder.path.parent).add([Cell(name="one", overrides=(), axes={}, fingerprint="f")])
    for path in (folder.path, folder.path.parent):
        with pytest.raises(TableError, match=rf"one/run\.json, {key}: '{value}' is not a finite number"):
            read_runs([path])


def test_what_is_not_finite_is_left_out_of_a_curve(folder: RunFolder) -> None:
    folder.history.write_text("epoch,a,b\n0,1.5,nan\n1,nan,inf\n2,0.5,\n")
    (run,) = read_runs([folder.path])
    assert run.curves == {"a": [1.5, 0.5]}
    assert not re.search(r'd="[^"]*(nan|inf)', comparison_page([run], title="One"))
