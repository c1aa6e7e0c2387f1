"""`slowpaths predict`: raw footage in, tagged strokes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import predict_mined
from slowpaths.apps.mine import mine
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.threads import limit_threads
from slowpaths.mining.settings import MiningSettings
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier
from slowpaths.review.events import write_events
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictConfig:
    """Configure `slowpaths predict`.

    Args:
        ckpt: Checkpoint that `slowpaths train` wrote.
        footage: A folder, a file, or a list of them.
        out: Events, predictions and clips go here.
        weights_dir: Looked at before the user's cache and the network.
        workers: Videos mined at the same time; auto takes every core.
        batch_size: Clips a batch.
        num_test_views: Shifted views of each clip, averaged.
        device: cpu or cuda.
        allow_target: Import path of the checkpoint's network, where it is not one of ours: its code is run.
        pose: Who finds people.
        mining: How strokes are found.
    """

    ckpt: Path
    footage: Path | tuple[Path, ...]
    out: Path = Path("runs/events")
    weights_dir: Path | None = None
    workers: int | Literal["auto"] = 1
    batch_size: int = 8
    num_test_views: int = 3
    device: str = "cpu"
    allow_target: str | None = None
    pose: Any
    mining: MiningSettings = MiningSettings()

    def __post_init__(self) -> None:
        for name in ("batch_size", "num_test_views"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name}={getattr(self, name)} predicts nothing: give 1 or more")


def run(cfg: DictConfig) -> Outcome:
    """Find the strokes of `footage=` and name them with the model of `ckpt=`."""
    config = plain(cfg)
    folder = RunFolder(Path(config["out"]))
    out = folder.path
    limit_threads()
    allowed = {config["allow_target"]} if config["allow_target"] else set()
    # Fails before any footage is read.
    classifier = load_classifier(config["ckpt"], device=config["device"], allowed=allowed)
    collected = mine(config, folder.mined)
    shown = {name: config[name] for name in ("batch_size", "num_test_views")}
    predictions = predict_mined(classifier, folder.mined, **shown) if collected.num_deliveries else []
    write_predictions(folder.predictions, predictions)
    tagged = [row for row in predictions if row.view_index == AVERAGE_VIEW]
    found = MinedFolder(folder.mined)
    files = write_events(out, tagged, collected.videos, shots=found.shots(), tracks=found.poses())
    entry = Entry(
        stage="predict",
        inputs={"ckpt": file_digest(Path(config["ckpt"])), **{v.path: v.digest for v in collected.videos}},
        outputs=digests(out, [folder.predictions.name, *[path.name for path in files]]),
        configuration=fingerprint(config),
        counts={"videos": len(collected.videos), "strokes": len(tagged), "quarantined": collected.num_quarantined},
    )
    append_entry(out, entry)
    rows = [(row.video, f"{row.impact_s:.2f}", row.label, row.confidence, row.event_p) for row in tagged]
    columns = ["video", "impact s", "stroke", "confidence", "P(stroke)"]
    show_table("slowpaths predict", columns, rows, wrote=[*files, folder.predictions])
    return Outcome(metrics={"strokes": float(len(tagged))}, exit_code=3 if collected.num_quarantined else 0)
