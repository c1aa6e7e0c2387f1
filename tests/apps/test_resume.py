"""A run goes on wherever its folder lies, and a checkpoint that it cannot go on from is one sentence."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.apps.test_training import SMALL
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.store.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
WORDS = (*SMALL, "data.batch_size=4", "data.fractions=[.5,.25,.25]")
CURE = "to train from the start, or choose another out="


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with clips, `mined`, and a run on them, `run`."""
    folder = tmp_path_factory.mktemp("resume")
    write_mined(folder / "mined", num_matches=4, clips_a_match=2, size=32)
    assert main(train(folder / "mined", folder / "run")) == 0
    return folder


def train(mined: Path, out: Path, *words: str, length: int = 1) -> list[str]:
    return ["train", f"mined={mined}", f"out={out}", *WORDS, f"trainer.max_epochs={length}", *words]


@pytest.mark.parametrize("is_copied", [False, True])
def test_a_run_that_was_moved_or_copied_goes_on_in_its_new_folder(folder, tmp_path, is_copied):
    old, away, new = RunFolder(folder / "run"), folder / "away", RunFolder(tmp_path / "new")
    before = {path: path.read_bytes() for path in old.path.rglob("*") if path.is_file()}
    shutil.copytree(old.path, new.path)
    if not is_copied:
        old.path.rename(away)
    try:
        assert main(train(folder / "mined", new.path)) == 0  # finished: only told again
        assert new.predictions.read_bytes() == before[old.predictions]
        assert main(train(folder / "mined", new.path, length=2)) == 0
    finally:
        if not is_copied:
            away.rename(old.path)
    scores = [float(row["val/refinement"]) for row in csv.DictReader(new.history.read_text().splitlines())]
    assert len(scores) == 2 and read_checkpoint(new.last_checkpoint)["epoch"] == 1
    assert read_checkpoint(new.best_checkpoint)["epoch"] == scores.index(min(scores))  # the best value is remembered
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(("words", "sentence"), [(["seed=3"], "other settings or clips"), (["data.alpha=2"], "alpha")])
def test_a_refused_run_leaves_the_record_of_the_one_that_was_there(folder, tmp_path, capsys, words, sentence):
    run = RunFolder(tmp_path / "run")
    shutil.copytree(folder / "run", run.path)
    kept = (run.state_file, run.configuration_file)
    before = [file.read_bytes() for file in kept]
    assert main([*train(folder / "mined", run.path), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert [file.read_bytes() for file in kept] == before


def test_fewer_epochs_than_a_run_has_had_are_refused(folder, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(folder / "run", run)
    assert main(train(folder / "mined", run, length=2)) == 0
    capsys.readouterr()
    assert main(train(folder / "mined", run, length=1)) == 2
    assert "holds a run of 2 epochs: give trainer.max_epochs=2 or more" in capsys.readouterr().err


def _without_a_tensor(content: dict[str, Any]) -> None:
    del content["state_dict"][next(iter(content["state_dict"]))]


def _spoilt(content: dict[str, Any]) -> None:
    next(iter(content["state_dict"].values())).fill_(float("nan"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_without_a_tensor, "Missing key"),
        (_spoilt, "numbers that are not finite"),
        (lambda c: c.pop("optimizer_states"), "holds no optimizer_states"),
        (lambda c: c["optimizer_states"].clear(), "holds no optimizer_states"),
        (lambda c: c["optimizer_states"][0].pop("param_groups"), "param_groups"),
        (lambda c: c.update(hyper_parameters=[1]), "its hyper_parameters is a list"),
        (lambda c: c["hyper_parameters"].update(run=[1]), "does not say of which run"),
        (lambda c: c.pop("loops"), "holds no loops"),
        (lambda c: c["loops"].clear(), "KeyError"),
        (lambda c: c.update(callbacks=3), "its callbacks is a int"),
        (lambda c: c.update(state_dict={"a": 1}), "a in its state_dict is no tensor"),
        (b"cut off", "is not a checkpoint that can be loaded safely"),
        (Path("runs"), "is not a checkpoint that can be loaded safely"),  # code in it would have to run
    ],
)
def test_a_checkpoint_that_no_run_can_go_on_from_is_one_sentence(
    folder, tmp_path, capsys, change: Callable[[dict[str, Any]], Any] | bytes | Path, sentence
):
    run = RunFolder(tmp_path / "run")
    shutil.copytree(folder / "run", run.path)
    if isinstance(change, bytes):
        run.last_checkpoint.write_bytes(run.last_checkpoint.read_bytes()[:1000])
    elif isinstance(change, Path):
        torch.save({"state_dict": change}, run.last_checkpoint)
    else:
        content = torch.load(run.last_checkpoint, weights_only=True)
        change(content)
        torch.save(content, run.last_checkpoint)
    before = {path: path.read_bytes() for path in run.checkpoints.iterdir()}
    assert main(train(folder / "mined", run.path, length=2)) == 1
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in error and f"delete it {CURE}" in error and str(run.last_checkpoint) in error
    assert {path: path.read_bytes() for path in run.checkpoints.iterdir()} == before


def test_a_checkpoint_of_the_middle_of_an_epoch_that_is_damaged_costs_that_epoch_only(folder, tmp_path, capsys):
    run = RunFolder(tmp_path / "run")
    shutil.copytree(folder / "run", run.path)
    run.middle_checkpoint.write_bytes(b"cut off")
    assert main(train(folder / "mined", run.path, length=2)) == 1
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert str(run.middle_checkpoint) in error and "delete it to go on from the last whole epoch" in error
    run.middle_checkpoint.unlink()
    assert main(train(folder / "mined", run.path, length=2)) == 0
    assert read_checkpoint(run.last_checkpoint)["epoch"] == 1


def test_a_kept_epoch_that_is_missing_or_damaged_is_named(folder, tmp_path, capsys):
    run = RunFolder(tmp_path / "run")
    shutil.copytree(folder / "run", run.path)
    for damage, why in ((lambda path: path.write_bytes(b"x"), "loaded safely"), (Path.unlink, "does not exist")):
        damage(run.best_checkpoint)
        assert main(train(folder / "mined", run.path)) == 1
        error = capsys.readouterr().err.strip()
        assert "best.ckpt" in error and why in error and CURE in error


def test_a_batch_size_that_was_found_is_read_from_a_whole_checkpoint(folder, tmp_path, capsys):
    run, words = RunFolder(tmp_path / "run"), ("data.batch_size=auto",)
    assert main(train(folder / "mined", run.path, *words)) == 0
    content = torch.load(run.last_checkpoint, weights_only=True)
    torch.save({**content, "hyper_parameters": 5}, run.last_checkpoint)
    capsys.readouterr()
    assert main(train(folder / "mined", run.path, *words)) == 1
    assert "its hyper_parameters is a int" in capsys.readouterr().err
