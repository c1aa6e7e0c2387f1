from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import wandb
from lightning.pytorch.loggers import CSVLogger
from tests.models.training import QUIET, classifier, loader, trainer

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.models.callbacks.loggers import csv_logger, log_scalars, tensorboard_logger, wandb_logger

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


@pytest.fixture(autouse=True)
def _own_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MODE", "RUN_ID", "SWEEP_ID", "API_KEY"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / "wandb"))
    yield
    wandb.teardown()  # it keeps the mode of the first run of a process


def test_a_run_that_goes_on_keeps_the_rows_of_before(tmp_path: Path) -> None:
    for _ in range(2):
        logger = csv_logger(save_dir=str(tmp_path))
        assert isinstance(logger, CSVLogger)
        trainer(max_epochs=1, logger=logger).fit(classifier(), loader(4))
    assert sorted(path.parent.name for path in tmp_path.glob("csv/*/metrics.csv")) == ["version_0", "version_1"]


def test_what_is_measured_after_training_reaches_csv_too(tmp_path: Path) -> None:
    logger = csv_logger(save_dir=str(tmp_path))
    trainer(max_epochs=1, logger=logger, log_every_n_steps=1).fit(classifier(), loader(4))
    log_scalars([logger], {"test/label_agreement": 0.5, "nothing": float("nan")}, step=7)
    *before, last = csv.DictReader((tmp_path / "csv" / "version_0" / "metrics.csv").read_text().splitlines())
    assert before and "train/loss" in last and "nothing" not in last
    assert (last["test/label_agreement"], last["step"]) == ("0.5", "7")


def test_what_is_measured_after_training_reaches_tensorboard_too(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = tensorboard_logger(save_dir=str(tmp_path))
    trainer(max_epochs=1, logger=logger, log_every_n_steps=1).fit(classifier(), loader(4))
    log_scalars([logger], {"test/label_agreement": 0.5}, step=7)
    found = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert {"train/loss", "test/label_agreement"} <= set(found.Tags()["scalars"])
    assert [(event.step, event.value) for event in found.Scalars("test/label_agreement")] == [(7, 0.5)]


def test_tensorboard_that_is_not_installed_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARD_AVAILABLE", False)
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARDX_AVAILABLE", False)
    with pytest.raises(MissingDependencyError, match=r"slowpaths\[tensorboard\]"):
        tensorboard_logger(save_dir=str(tmp_path))


def test_a_run_that_is_killed_and_started_again_is_one_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ids = []
    for _ in range(2):
        logger = wandb_logger(save_dir=str(out))
        assert logger is not None
        ids.append(logger.experiment.id)
        logger.experiment.finish()
    folders = [path.name for path in (out / "wandb").glob("offline-run-*")]
    named = {name.split("-")[3] for name in folders}  # offline-run-TIME-ID, with a number where the second is the same
    assert named == set(ids) == {ids[0]}
    other = wandb_logger(save_dir=str(tmp_path / "other"))
    assert other is not None and other.version != ids[0]


def test_disabled_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert wandb_logger(save_dir=str(tmp_path / "run")) is None
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("variables", "is_offline"),
    [
        ({}, True),
        ({"WANDB_MODE": "offline", "WANDB_SWEEP_ID": "s1"}, True),
        ({"WANDB_MODE": "online"}, False),
        ({"WANDB_SWEEP_ID": "s1", "WANDB_RUN_ID": "agent1"}, False),  # what an agent sets
    ],
)
def test_the_mode_is_that_of_the_environment_or_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_offline: bool
) -> None:
    import lightning.pytorch.loggers as module

    asked: dict[str, object] = {}

    class Spy:
        experiment = None

        def __init__(self, **options: object) -> None:
            asked.update(options)

    monkeypatch.setattr(module, "WandbLogger", Spy)
    monkeypatch.setattr(wandb, "login", lambda: True)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    wandb_logger(save_dir=str(tmp_path / "run"), project="p")
    assert (asked["offline"], asked["name"], asked["project"]) == (is_offline, "run", "p")
    assert asked["resume"] == (None if is_offline else "allow")
    if "WANDB_RUN_ID" in variables:
        assert asked["id"] == "agent1"


def test_online_without_a_key_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(UsageError, match=r"^W&B cannot start online \(.*\): run `wandb login` or set") as caught:
        wandb_logger(save_dir=str(tmp_path / "run"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
