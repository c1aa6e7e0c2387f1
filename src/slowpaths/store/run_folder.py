"""The folder of a run (training, pretraining, prediction, evaluation): the only place that knows its file names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from slowpaths.core.errors import TableError
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
        seconds: How long it has taken, all starts together.
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
    """Name the files of a run.

    Args:
        path: The folder.
    """

    path: Path

    @property
    def state_file(self) -> Path:
        """Return the file that says where the run stands."""
        return self.path / "run.json"

    @property
    def configuration_file(self) -> Path:
        """Return the resolved configuration."""
        return self.path / "config.yaml"

    @property
    def log_file(self) -> Path:
        """Return the log."""
        return self.path / "run.log"

    @property
    def traceback_file(self) -> Path:
        """Return where a fault of ours is kept for a bug report."""
        return self.path / "traceback.txt"

    @property
    def ledger_file(self) -> Path:
        """Return the ledger."""
        return self.path / LEDGER_NAME

    @property
    def checkpoints(self) -> Path:
        """Return the folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def last_checkpoint(self) -> Path:
        """Return the checkpoint a run goes on from."""
        return self.checkpoints / "last.ckpt"

    @property
    def best_checkpoint(self) -> Path:
        """Return the checkpoint of the best epoch."""
        return self.checkpoints / "best.ckpt"

    @property
    def model_card(self) -> Path:
        """Return the card that stands beside the checkpoints."""
        return self.checkpoints / "CARD.md"

    @property
    def backbone(self) -> Path:
        """Return the weights of a pretrained backbone."""
        return self.path / "backbone.safetensors"

    @property
    def history(self) -> Path:
        """Return the metrics of each epoch."""
        return self.path / "history.csv"

    @property
    def wandb_id_file(self) -> Path:
        """Return the file that keeps the id of the run in W&B, so that a run that goes on stays one run there."""
        return self.path / "wandb_run_id.txt"

    @property
    def predictions(self) -> Path:
        """Return the predictions table."""
        return self.path / "predictions.parquet"

    @property
    def confusion(self) -> Path:
        """Return how held-out clips are named, weak label by predicted stroke."""
        return self.path / "confusion.csv"

    @property
    def feature_scores(self) -> Path:
        """Return how well pretraining sees each feature."""
        return self.path / "features.csv"

    @property
    def report_json(self) -> Path:
        """Return the report of an evaluation."""
        return self.path / "report.json"

    @property
    def report_md(self) -> Path:
        """Return the report in words."""
        return self.path / "report.md"

    @property
    def figures(self) -> Path:
        """Return the folder of figures."""
        return self.path / "figures"

    @property
    def mined(self) -> Path:
        """Return the mined folder that prediction makes on its way."""
        return self.path / "mined"

    def events(self, suffix: str) -> Path:
        """Return the tagged strokes in one format: ".json", ".csv" or ".edl"."""
        return self.path / f"events{suffix}"

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
