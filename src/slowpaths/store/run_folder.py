"""The folder of a run (training, pretraining, prediction, evaluation): the only place that knows its file names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from slowpaths.core.errors import TableError
from slowpaths.store.below import Below
from slowpaths.store.ledger import LEDGER_NAME
from slowpaths.store.tables import write_json

State = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Hold where a run stands.

    Args:
        verb: The verb.
        state: "running" (or killed), "done" or "failed".
        fingerprint: Of everything in the configuration that decides the result.
        overrides: What was typed for this run, key -> value.
        reason: Why it failed, one sentence; "" otherwise.
        seconds: How long it has taken, all starts together, killed ones to within seconds.
        exit_code: What it ended with.
        metrics: Its numbers, by name.
    """

    verb: str
    state: State
    fingerprint: str
    overrides: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0
    exit_code: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Name the files of a run."""

    path: Path  # the folder

    state_file = Below("run.json")  # a `RunState`
    configuration_file = Below("config.yaml")  # resolved
    log_file = Below("run.log")
    traceback_file = Below("traceback.txt")  # of a fault of ours, for a bug report
    ledger_file = Below(LEDGER_NAME)
    checkpoints = Below("checkpoints")
    last_checkpoint = Below("checkpoints/last.ckpt")  # of the last epoch that is over
    middle_checkpoint = Below("checkpoints/middle.ckpt")  # of one that is not, while it lasts
    best_checkpoint = Below("checkpoints/best.ckpt")  # of the epoch that is kept, where there is validation
    model_card = Below("checkpoints/CARD.md")  # of the checkpoint that is kept
    last_card = Below("checkpoints/last.CARD.md")  # of the last epoch, where another one is kept
    relabelled = Below("relabelled.parquet")  # labels table that rules and out-of-fold models agree on
    backbone = Below("backbone.safetensors")  # what pretraining makes
    backbone_card = Below("backbone.CARD.md")
    history = Below("history.csv")  # metrics of each epoch
    wandb_id_file = Below("wandb_run_id.txt")  # makes a run that goes on one run in W&B
    wandb_group_file = Below("wandb_group.txt")  # its group there, for the runs that start from its weights
    predictions = Below("predictions.parquet")
    prediction_shards = Below(
        "prediction_shards"
    )  # `<model and views>/<video id>.parquet`, what `predict` goes on from
    confusion = Below("confusion.csv")  # held-out clips, weak label by predicted stroke
    feature_scores = Below("features.csv")  # how well pretraining sees each
    report_json = Below("report.json")  # of an evaluation
    report_md = Below("report.md")  # in words
    report_html = Below("report.html")  # the same as a page
    figures = Below("figures")
    splits = Below("splits.csv")  # of an audit: accuracy under each split
    export_card = Below("model.json")  # how to feed an exported network
    mined = Below("mined")  # what prediction mines on its way

    @classmethod
    def of(cls, path: Path) -> RunFolder | None:
        """Return the run that a folder is of, or a file lies in; None where there is none."""
        folders = (path, *path.parents[:2]) if path.exists() else ()
        return next((run for run in map(cls, folders) if run.state_file.is_file()), None)

    @property
    def resume_checkpoint(self) -> Path | None:
        """Return the checkpoint that a run goes on from; None where there is none."""
        return next((path for path in (self.middle_checkpoint, self.last_checkpoint) if path.exists()), None)

    def relabel_fold(self, number: int) -> Path:
        """Return the folder of the run that trains without one group of matches."""
        return self.path / "relabel" / str(number)

    def events(self, suffix: str) -> Path:
        """Return the tagged strokes in one format: ".json", ".csv" or ".edl"."""
        return self.path / f"events{suffix}"

    def exported(self, suffix: str) -> Path:
        """Return the exported network in one format: ".onnx" or ".pt2"."""
        return self.path / f"model{suffix}"

    def explanation(self, delivery_id: str) -> Path:
        """Return the video that shows where a network looks in one clip."""
        return self.path / f"{delivery_id}.mp4"

    def state(self) -> RunState | None:
        """Read where the run stands; None where nothing was started.

        Raises:
            TableError: If the file is something else.
        """
        try:
            return RunState(**json.loads(self.state_file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, OSError, TypeError) as error:
            raise TableError(f"{self.state_file} does not describe a run: move it away and run again") from error

    def write_state(self, state: RunState) -> None:
        """Write where the run stands."""
        write_json(self.state_file, asdict(state))

    def report(self) -> dict[str, Any]:
        """Read the report of an evaluation.

        Raises:
            TableError: If it is missing or unreadable.
        """
        try:
            return dict(json.loads(self.report_json.read_text()))
        except (ValueError, OSError, TypeError) as error:
            raise TableError(f"{self.report_json} is no report: run `slowpaths evaluate` again") from error
