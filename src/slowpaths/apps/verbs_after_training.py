"""What the verbs after training take, from `export` to `figures`; the others are in `verbs`.

Nothing here loads a heavy library, so that a wrong key is named at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slowpaths.apps._checks import check_loggers, check_seed
from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import did_you_mean
from slowpaths.evaluation.gap.settings import GapSettings
from slowpaths.evaluation.matching import TOLERANCE_S, check_tolerance


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Configure `slowpaths export`.

    Args:
        ckpt: Checkpoint that `slowpaths train` wrote.
        to: torch_export for `torch.export.load`, onnx for other runtimes (extra `export`).
        out: The network and how to feed it go here.
        repeats: Timed passes of one clip; the median is told.
        allow_target: Import path of the checkpoint's network, where it is not one of ours: its code is run.
    """

    ckpt: Path
    to: Literal["torch_export", "onnx"] = "torch_export"
    out: Path = Path("runs/export")
    repeats: int = 10
    allow_target: str | None = None

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise UsageError(f"repeats={self.repeats} measures nothing: give 1 or more")


@dataclass(frozen=True, kw_only=True)
class ExplainConfig:
    """Configure `slowpaths explain`.

    Args:
        ckpt: Checkpoint that `slowpaths train` wrote.
        mined: Folder that `slowpaths mine` wrote.
        num: Clips, evenly over the folder.
        clip: Id of the one delivery to explain.
        stroke: What the heat is for; what the network says of each clip where not given.
        out: A video a clip goes here.
        allow_target: Import path of the checkpoint's network, where it is not one of ours: its code is run.
    """

    ckpt: Path
    mined: Path
    num: int = 4
    clip: str | None = None
    stroke: str | None = None
    out: Path = Path("runs/explain")
    allow_target: str | None = None

    def __post_init__(self) -> None:
        if self.num < 1:
            raise UsageError(f"num={self.num} explains nothing: give 1 or more")
        words = f"choose one of {', '.join(STROKES)}"
        if self.stroke is not None and self.stroke not in STROKES:
            raise UsageError(f"stroke={self.stroke} is unknown: {did_you_mean(self.stroke, STROKES, otherwise=words)}")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Configure `slowpaths evaluate`.

    Args:
        predictions: Predictions or labels: Parquet or CSV, anybody's.
        mined: A mined folder, to measure mining (and its labels where predictions= is not given).
        truth: CSV or Parquet with video,start_s,end_s,impact_s,label and more; the folder of a synthetic world; an
            archive of poses (.npz); or a list of these, of different videos.
        truth_taxonomy: Stroke vocabulary of the truth: slowpaths, cricshot10, cricshot10k, gupta_balan_5.
        shots_truth: True shots with their views, or a list of such tables, for mined=; they also say how long the
            videos are.
        poses_truth: Folder of true poses, <video>.poses.parquet, for mined=.
        is_complete: Whether truth lists every delivery of every mined video, as that of a synthetic world does.
        split: What is judged: auto takes what was held out; else test, val, train or all.
        split_of: Predictions whose split counts, so that labels and models are judged on the same deliveries.
        model_id: Whose predictions, where the table holds several models'.
        tolerance_s: Largest gap between a prediction and its true delivery, seconds.
        out: Report and figures go here.
        logger: Any of csv, wandb, tensorboard; W&B goes on with the run that made the predictions, where they lie in
            the folder of one.
    """

    predictions: Path | None = None
    mined: Path | None = None
    truth: Path | tuple[Path, ...]
    truth_taxonomy: str = "slowpaths"
    shots_truth: Path | tuple[Path, ...] | None = None
    poses_truth: Path | None = None
    is_complete: bool | None = None
    split: Literal["auto", "test", "val", "train", "all"] = "auto"
    split_of: Path | None = None
    model_id: str | None = None
    tolerance_s: float = TOLERANCE_S
    out: Path = Path("runs/evaluation")
    logger: Any = None

    def __post_init__(self) -> None:
        from slowpaths.evaluation.report import EvaluationSettings

        EvaluationSettings(tolerance_s=self.tolerance_s, split=self.split)  # refuses what is out of range
        check_loggers(self.logger)


@dataclass(frozen=True, kw_only=True)
class FiguresConfig:
    """Configure `slowpaths figures`.

    Args:
        experiments: Folder with one folder a question, each with its tables and figures.yaml.
        only: Figures to draw; all where not given.
    """

    experiments: Path = Path("experiments")
    only: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Configure `slowpaths compare`.

    Args:
        runs: Folders of runs and sweeps.
        out: Folder of the table and the page.
        title: Title of both.
    """

    runs: tuple[Path, ...]
    out: Path = Path("runs/compare")
    title: str = "Runs compared"


@dataclass(frozen=True, kw_only=True)
class GapConfig(GapSettings):
    """Configure `slowpaths gap`.

    Args:
        runs: Whose predictions: runs, sweeps, folders of predictions tables, mined folders (their label sets); or a
            table measures.parquet of an earlier study, or its folder, to compute it again without predictions.
        truth: As for `slowpaths evaluate`; not needed for a table of measures.
        truth_taxonomy: Stroke vocabulary of the truth: slowpaths, cricshot10, cricshot10k, gupta_balan_5.
        shots_truth: True shots, which say how long the videos are.
        split: What is judged: auto takes what was held out; else test, val, train or all.
        tolerance_s: Largest gap between a prediction and its true delivery, seconds.
        out: Tables, figures and the page go here.
    """

    runs: tuple[Path, ...]
    truth: Path | tuple[Path, ...] | None = None
    truth_taxonomy: str = "slowpaths"
    shots_truth: Path | tuple[Path, ...] | None = None
    split: Literal["auto", "test", "val", "train", "all"] = "auto"
    tolerance_s: float = TOLERANCE_S
    out: Path = Path("runs/gap")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self.seed)
        check_tolerance(self.tolerance_s)


@dataclass(frozen=True, kw_only=True)
class AuditConfig:
    """Configure `slowpaths audit`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        ckpt: Checkpoint that `slowpaths train` wrote: a linear layer is trained and tested on its embedding of the
            clips. Where not given, trees are, on the mined features.
        truth: As for `slowpaths evaluate`; where not given, the folder's own labels take its place.
        seed: Seed of folds and trees.
        batch_size: Clips at once through the network of ckpt=.
        out: The report goes here.
        allow_target: Import path of the checkpoint's network, where it is not one of ours: its code is run.
    """

    mined: Path
    ckpt: Path | None = None
    truth: Path | tuple[Path, ...] | None = None
    seed: int = 0
    batch_size: int = 8
    out: Path = Path("runs/audit")
    allow_target: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.batch_size < 1:
            raise UsageError(f"batch_size={self.batch_size} is no number of clips: give 1 or more")
