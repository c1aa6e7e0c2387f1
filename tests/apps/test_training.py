"""Training through the command line: parts of somebody else, numbers that run away, several processes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.models.prediction import load_classifier
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import SweepFolder
from slowpaths.store.tables import read_labels, read_predictions, write_labels

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "model=slowfast_tiny", "trainer=cpu", "data.num_workers=0", "data.num_frames=8", "data.frame_stride=2",
    "data.crop_px=32",
    "data.read_px=null", "data.num_test_views=1", "optim.warmup_epochs=0",
)  # fmt: skip
# No norms and no dropout: what two processes learn together is what one learns from the same clips.
NETWORK = """
import os
import pathlib
import signal

import torch
from lightning.pytorch.callbacks import Callback


class Network(torch.nn.Module):
    def __init__(self, *, num_classes: int, num_features: int = 6) -> None:
        super().__init__()
        self.conv = torch.nn.Conv3d(3, num_features, (1, 4, 4), (1, 4, 4))
        self.head = torch.nn.Linear(2 * num_features, num_classes)

    def forward(self, pathways):
        return self.head(torch.cat([self.conv(path).relu().mean(dim=(2, 3, 4)) for path in pathways], dim=1))


def squared(logits, probs, *, scale: float = 1.0):
    return scale * (logits.softmax(dim=1) - probs).square().sum(dim=1)


def full(logits, probs):
    raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")


class Count(Callback):
    def __init__(self, *, path: str) -> None:
        self.path = path

    def on_train_end(self, trainer, pl_module):
        open(self.path, "w").write(str(trainer.global_step))


class Break(Callback):
    def __init__(self, *, mark: str, step: int) -> None:
        self.mark, self.step = pathlib.Path(mark), step

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == self.step + 1 and not self.mark.exists():
            self.mark.touch()
            raise RuntimeError("broken")


class Die(Callback):
    def __init__(self, *, mark: str, step: int, signal: int = signal.SIGTERM) -> None:
        self.mark, self.step, self.signal = pathlib.Path(mark), step, signal

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step == self.step and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), self.signal)
"""


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    (folder / "my_parts.py").write_text(NETWORK)
    return write_mined(folder / "mined", num_matches=4, clips_a_match=4, size=32)


def train(mined: Path, out: Path, *words: str) -> list[str]:
    return ["train", f"mined={mined}", f"out={out}", *SMALL, *words]


def test_network_loss_optimiser_and_callback_may_be_somebody_elses(mined, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(mined.parent)
    parts = (
        "model._target_=my_parts.Network", "model.num_features=5", "loss.function._target_=my_parts.squared",
        "optim.optimiser._target_=torch.optim.RMSprop",
        f"callbacks=[{{_target_: my_parts.Count, path: {tmp_path / 'steps.txt'}}}]",
    )  # fmt: skip
    out = tmp_path / "run"
    assert (
        main(train(mined, out, *parts, "trainer.max_epochs=2", "data.batch_size=4", "data.fractions=[.5,.25,.25]")) == 0
    )
    assert int((tmp_path / "steps.txt").read_text()) == 2 * 2
    assert len(read_predictions(RunFolder(out).predictions)) == 2 * 16
    assert "my_parts.Network" in RunFolder(out).model_card.read_text()
    checkpoint = RunFolder(out).last_checkpoint
    assert main(["predict", f"ckpt={checkpoint}", f"footage={mined}", f"out={tmp_path / 'events'}"]) == 1
    assert "allow_target=my_parts.Network" in capsys.readouterr().err


def numbers(card: Path) -> dict[str, str]:
    """Return the metrics that a card tells."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in card.read_text().splitlines()]
    start = rows.index(["metric", "value"]) + 2
    return dict(takewhile(lambda row: len(row) == 2, rows[start:]))


@pytest.mark.parametrize("verb", ["train", "pretrain"])
def test_every_checkpoint_has_a_card_with_the_numbers_of_its_own_epoch(mined, tmp_path, verb):
    words = ("data.fractions=[.5,.25,.25]", "data.batch_size=4", "trainer.max_epochs=3", "optim.lr=0.3")
    assert main([verb, *train(mined, tmp_path / "run", *words)[1:]]) == 0
    folder = RunFolder(tmp_path / "run")
    rows = history(folder)
    cards = {folder.best_checkpoint: folder.model_card, folder.last_checkpoint: folder.last_card}
    for checkpoint, card in cards.items():
        assert f"`{checkpoint.name}` of `slowpaths {verb}`" in card.read_text().splitlines()[0]
        row = rows[read_checkpoint(checkpoint)["epoch"]]
        told = {name: value for name, value in numbers(card).items() if name in row}
        assert "train/loss" in told and told == {name: f"{row[name]:.4g}" for name in told}
    assert folder.backbone_card.exists() == folder.backbone.exists() == (verb == "pretrain")
    if verb == "pretrain":
        assert numbers(folder.backbone_card) == numbers(folder.model_card)
        assert all(line.split(",")[0] in folder.backbone_card.read_text() for line in folder.feature_scores.open())


def test_cells_of_several_lengths_are_runs_of_their_own(mined, tmp_path):
    out = tmp_path / "sweep"
    verb, *words = train(mined, out, "trainer.max_epochs=1,2", "data.fractions=[.5,.25,.25]")
    assert main([verb, "-m", *words]) == 0
    cells = {cell.axes["trainer.max_epochs"]: SweepFolder(out).run(cell) for cell in SweepFolder(out).plan()}
    assert sorted(cells) == ["1", "2"] and len({cell.path for cell in cells.values()}) == 2
    for num_epochs, cell in cells.items():
        assert len(cell.history.read_text().splitlines()) == 1 + int(num_epochs)
        assert len(read_predictions(cell.predictions)) == 2 * 16


def test_a_temperature_is_fitted_to_gold_of_validation_matches_only(mined, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("slowpaths.apps.train.LEAST_GOLD", 4)
    labels, out = read_labels(mined / "labels.parquet"), tmp_path / "run"
    write_labels(tmp_path / "gold.parquet", [replace(clip, source="gold") for clip in labels])
    words = ("data.batch_size=4", "data.fractions=[.5,.25,.25]", "trainer.max_epochs=1", "data.num_test_views=3")
    assert main(train(mined, out, *words, f"labels={tmp_path / 'gold.parquet'}")) == 0
    temperature = load_classifier(RunFolder(out).checkpoints / "best.ckpt").temperature
    assert temperature != 1
    card, printed = RunFolder(out).model_card.read_text(), capsys.readouterr().out
    for text in (card, printed):
        words_of = " ".join(text.split())
        assert f"{temperature:.3g}, the temperature fitted to 4 gold labels of validation matches" in words_of
    assert "| stroke | labelled | named | precision | recall |" in card and "mean of 3 views" in card
    state = RunFolder(out).state()
    assert state is not None and 0 <= state.metrics["held_out/view_disagreement"] < 2
    assert state.metrics["temperature"] == pytest.approx(temperature)
    before = RunFolder(out).predictions.read_bytes()
    assert main(train(mined, out, *words, f"labels={tmp_path / 'gold.parquet'}")) == 0  # finished: only told again
    assert RunFolder(out).predictions.read_bytes() == before

    assert main(train(mined, tmp_path / "weak", *words)) == 0
    card = RunFolder(tmp_path / "weak").model_card.read_text()
    assert "at least 4 of them, and there are 0" in card
    assert load_classifier(RunFolder(tmp_path / "weak").checkpoints / "best.ckpt").temperature == 1


def test_views_that_clips_cannot_give_are_one_sentence(mined, tmp_path, capsys):
    assert main(train(mined, tmp_path / "run", "data.num_test_views=33")) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "do not fit into clips of 52 frames: lower" in error and "num_test_views" in error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("key", ["max_epochs", "max_steps"])
def test_a_finished_run_goes_on_where_its_length_is_raised(mined, tmp_path, key):
    words = ("data.batch_size=4", "data.fractions=[.5,.25,.25]")  # two steps an epoch
    for length in (1, 3):
        assert main(train(mined, tmp_path / "run", *words, f"trainer.{key}={length}")) == 0
    steps = [row.split(",")[1] for row in RunFolder(tmp_path / "run").history.read_text().splitlines()]
    assert steps[-1] == {"max_epochs": "6", "max_steps": "3"}[key]


def test_a_rate_that_is_too_high_is_one_sentence_and_no_number_is_not_finite(mined, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(train(mined, out, "optim.lr=1e30", "trainer.max_epochs=3")) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("slowpaths train: training stopped at step ")
    assert "lower optim.lr (now 1e+30)" in error
    for path in out.rglob("*.ckpt"):
        assert all(tensor.isfinite().all() for tensor in read_checkpoint(path)["state_dict"].values())
    for path in (path for path in out.rglob("*") if path.suffix in (".csv", ".md")):
        assert "nan" not in path.read_text().lower(), path
    state = json.loads((out / "run.json").read_text(), parse_constant=pytest.fail)
    assert state["state"] == "failed" and "training stopped at step" in state["reason"]


def test_memory_that_is_full_before_the_run_leaves_no_folder(mined, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(mined.parent)
    words = ("model._target_=my_parts.Network", "loss.function._target_=my_parts.full")
    assert main(train(mined, tmp_path / "run", *words)) == 1
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("slowpaths train: memory is full: use fewer workers")
    assert not (tmp_path / "run").exists()


def test_labels_are_corrected_by_models_that_have_not_seen_the_match(mined, tmp_path):
    out = tmp_path / "run"
    words = ("data.batch_size=4", "data.fractions=[.5,.25,.25]", "relabel_folds=4", "trainer.max_epochs=1")
    words += ("best_by=val/covering_rate",)
    assert main(train(mined, out, *words)) == 0
    folder = RunFolder(out)
    before = {clip.delivery_id: clip for clip in MinedFolder(mined).labels()}
    after = {clip.delivery_id: clip for clip in read_labels(folder.relabelled)}
    parts = {row.delivery_id: row.split for row in read_predictions(folder.predictions)}
    assert after.keys() == before.keys()
    moved = {name for name in after if not np.allclose(after[name].probs, before[name].probs)}
    assert moved == {name for name, part in parts.items() if part == "train"}
    assert [folder.relabel_fold(n).is_dir() for n in range(3)] == [True, True, False]  # two matches to learn from
    assert {"val/covering_rate", "val/jitter_consistency"} <= set(folder.history.read_text().splitlines()[0].split(","))
    # Killed before the model: the folds are not trained again, and the end is the same.
    digests = {path: path.read_bytes() for path in (folder.relabelled, folder.predictions)}
    for path in (folder.relabelled, folder.predictions, folder.history):
        path.unlink()
    shutil.rmtree(folder.checkpoints)
    assert main(train(mined, out, *words)) == 0
    assert all(path.read_bytes() == content for path, content in digests.items())


@pytest.mark.parametrize("labels", ["all alike", "one clip"])
def test_odd_label_sets_train(tmp_path, labels):
    num = (1, 1) if labels == "one clip" else (3, 2)
    folder = write_mined(tmp_path / "mined", num_matches=num[0], clips_a_match=num[1], num_strokes=1, size=32)
    words = ("loss=elr", "trainer.max_epochs=1", "loss.curriculum_start=0.5", "data.max_train_clips=1")
    fractions = "data.fractions=[1,0,0]" if labels == "one clip" else "data.fractions=[.34,.33,.33]"
    assert main(train(folder, tmp_path / "run", *words, fractions)) == 0
    assert len(read_predictions(RunFolder(tmp_path / "run").predictions)) == 2 * num[0] * num[1]
    said = read_checkpoint(RunFolder(tmp_path / "run").last_checkpoint)["loss_state"]["said_NC"]
    assert said.shape == (1, 14) and said.sum() > 0  # the clip that was learnt from


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("relabel_folds=1",), "relabel_folds=1 leaves no model to ask: give 2 or more, or 0"),
        (("best_by=val/truth",), "best_by=val/truth is unknown: choose one of"),
        (("loss=sop", "loss.mixup_alpha=0.2"), "set loss.mixup_alpha=0"),
        (("data.batch_size=0",), "data.batch_size=0 is too small: give at least 1"),
        (
            ("checkpoint_minutes=0",),
            "checkpoint_minutes=0 is no time between checkpoints: give minutes above 0, or null",
        ),
        (("optim.lr=0",), "optim.lr=0.0 is no rate: give a number above 0"),
        (("trainer.precision=foo",), "precision"),
        (("model._target_=my_parts.Nothing",), "cannot be imported"),
        (("loss.function._target_=torch.nothing",), "cannot be imported"),
    ],
)
def test_wrong_settings_are_one_sentence(mined, tmp_path, capsys, words, sentence):
    assert main(train(mined, tmp_path / "run", *words)) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error and len(error.splitlines()) == 1, error


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_goes_on_to_the_loss_curve_of_one_that_was_not(mined, tmp_path, kind):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(mined.parent), *sys.path])}
    script = Path(sys.executable).parent / "slowpaths"

    def start(name: str) -> subprocess.CompletedProcess[str]:
        # in the middle of the third epoch; a killed run goes on from there, one that is told to end from the second
        die = f"{{_target_: my_parts.Die, mark: {tmp_path / name}.txt, step: 11, signal: {int(kind)}}}"
        words = (
            "model._target_=my_parts.Network", "data.batch_size=2", "data.fractions=[.5,.25,.25]",
            "trainer.max_epochs=5", f"callbacks=[{die}]",
            "data.num_workers=2", f"checkpoint_minutes={1e-6 if kind == signal.SIGKILL else 'null'}",
        )  # fmt: skip
        command = [str(script), *train(mined, tmp_path / name, *words)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)

    (tmp_path / "whole.txt").touch()
    assert start("whole").returncode == 0
    stopped, killed = start("killed"), RunFolder(tmp_path / "killed")
    if kind == signal.SIGTERM:
        said = "slowpaths train: told to end; the same command goes on from here\n"
        assert (stopped.returncode, stopped.stderr) == (143, said)
    else:
        assert stopped.returncode == -signal.SIGKILL
        assert read_checkpoint(killed.middle_checkpoint)["global_step"] == 10  # as the step before it began
    assert 1 + 2 <= len(killed.history.read_text().splitlines()) <= 1 + 3
    again = start("killed")
    assert again.returncode == 0, again.stderr[-3000:]
    assert not killed.middle_checkpoint.exists()
    curves = [history(RunFolder(tmp_path / name)) for name in ("whole", "killed")]
    assert len(curves[0]) == 5 and curves[1] == [pytest.approx(row, abs=1e-6) for row in curves[0]]
    one, two = (read_predictions(RunFolder(tmp_path / name).predictions) for name in ("whole", "killed"))
    assert all(a.probs == pytest.approx(b.probs, abs=1e-6) for a, b in zip(one, two, strict=True))


def history(run: RunFolder) -> list[dict[str, float]]:
    rows = csv.DictReader(run.history.read_text().splitlines())
    return [{name: float(value) for name, value in row.items()} for row in rows]


def step_losses(run: RunFolder) -> list[tuple[int, float]]:
    """Return what its loggers were told of each step, start after start."""
    rows = [row for path in sorted(run.path.glob("csv/*/metrics.csv")) for row in csv.DictReader(path.open())]
    return [(int(row["step"]), float(row["train/step_loss"])) for row in rows if row["train/step_loss"]]


@pytest.mark.parametrize(
    "words",
    [
        ("loss.mixup_alpha=0.4", "data.jitter_frames=2", "loss.curriculum_start=0.5"),
        pytest.param(("data.num_workers=2", "loss.mixup_alpha=0.4", "data.jitter_frames=2"), marks=pytest.mark.slow),
        pytest.param(
            ("loss=elr", "trainer.accumulate_grad_batches=2", "data.fractions=[1,0,0]"), marks=pytest.mark.slow
        ),
        pytest.param(("loss=sop", "trainer.max_steps=9"), marks=pytest.mark.slow),
    ],
)
def test_a_run_that_breaks_goes_on_in_the_middle_of_an_epoch(mined, tmp_path, monkeypatch, words):
    """Every epoch has four steps; it breaks in the third one of the second epoch."""
    monkeypatch.syspath_prepend(mined.parent)
    same = (
        "model._target_=my_parts.Network",
        "data.batch_size=2",
        "trainer.max_epochs=3",
        "checkpoint_minutes=1e-6",
        *words,
    )
    same = ("data.fractions=[.5,.25,.25]", *same) if not any("fractions" in word for word in words) else same
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    assert main(train(mined, whole.path, *same)) == 0
    step = 4 + 2
    stop = f"callbacks=[{{_target_: my_parts.Break, mark: {tmp_path / 'mark'}, step: {step}}}]"
    assert main(train(mined, broken.path, *same, stop)) == 1
    assert read_checkpoint(broken.middle_checkpoint)["global_step"] == step
    seen = len(step_losses(broken))
    assert main(train(mined, broken.path, *same, stop)) == 0
    assert not broken.middle_checkpoint.exists()
    one, two = (step_losses(run) for run in (whole, broken))
    assert 0 < seen < len(one) and [number for number, _ in two] == [number for number, _ in one]
    assert [loss for _, loss in two] == pytest.approx([loss for _, loss in one], abs=1e-6)
    assert history(broken) == [pytest.approx(row, abs=1e-6) for row in history(whole)]
    assert broken.predictions.read_bytes() == whole.predictions.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_of_the_console_script_learn_what_one_learns(mined, tmp_path, strategy):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(mined.parent), *sys.path])}
    same = (
        "model._target_=my_parts.Network", "data.weight_power=0", "data.fractions=[0.5,0.25,0.25]",
        "trainer.max_epochs=3", "seed=3",
    )  # fmt: skip
    runs = {
        "one": ("data.batch_size=4",),
        "two": ("data.batch_size=2", f"trainer.strategy={strategy}", "trainer.devices=2", "trainer.accelerator=cpu"),
    }
    script = Path(sys.executable).parent / "slowpaths"
    for name, words in runs.items():
        command = [str(script), *train(mined, tmp_path / name, *same, *words)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count("slowpaths train: 3 epochs") == 1  # one process prints the result
    one, two = (read_predictions(RunFolder(tmp_path / name).predictions) for name in runs)
    assert [row.delivery_id for row in one] == [row.delivery_id for row in two]
    for row, other in zip(one, two, strict=True):
        assert row.probs == pytest.approx(other.probs, abs=1e-5)
    histories = [RunFolder(tmp_path / name).history.read_text().splitlines() for name in runs]
    assert len(histories[0]) == len(histories[1]) == 4
    entries = [json.loads(RunFolder(tmp_path / name).ledger_file.read_text()) for name in runs]
    assert entries[0]["counts"] == entries[1]["counts"]
