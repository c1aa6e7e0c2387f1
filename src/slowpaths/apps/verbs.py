"""What each verb takes: its keys, their defaults and their meaning.

Nothing here loads a heavy library, so that a wrong key is named at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slowpaths.apps._checks import check_seed, check_workers
from slowpaths.apps.verbs_after_training import (
    AuditConfig,
    CompareConfig,
    EvaluateConfig,
    ExplainConfig,
    ExportConfig,
    FiguresConfig,
    GapConfig,
)
from slowpaths.apps.verbs_of_training import FitConfig, PretrainConfig, TrainConfig
from slowpaths.core.errors import UsageError
from slowpaths.labelling.select import Selection
from slowpaths.labelling.teacher import SHIPPED
from slowpaths.mining.settings import EngineName, MiningSettings
from slowpaths.models.student_settings import StudentSettings
from slowpaths.world.world_settings import WorldSettings

__all__ = [
    "AuditConfig",
    "CompareConfig",
    "DemoConfig",
    "DoctorConfig",
    "EvaluateConfig",
    "ExplainConfig",
    "ExportConfig",
    "FiguresConfig",
    "FitConfig",
    "FootageConfig",
    "GapConfig",
    "LabelConfig",
    "LabelKeys",
    "MineConfig",
    "PredictConfig",
    "PretrainConfig",
    "ReviewConfig",
    "RuleChoice",
    "TrainConfig",
    "WorldConfig",
]


@dataclass(frozen=True, kw_only=True)
class DoctorConfig:
    """Configure `slowpaths doctor`.

    Args:
        out: Folder whose disk is checked.
        weights_dir: Folder whose weights are looked at first.
    """

    out: Path = Path()
    weights_dir: Path | None = None


@dataclass(frozen=True, kw_only=True)
class WorldConfig:
    """Configure `slowpaths world`.

    Args:
        out: New, empty or holding the same world; run again to resume.
        seed: Seed of everything in the world.
        workers: Videos filmed at the same time; auto takes every core.
        world: What is filmed.
    """

    out: Path
    seed: int = 0
    workers: int | Literal["auto"] = "auto"
    world: WorldSettings

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_workers(self.workers)


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Configure `slowpaths demo`.

    Args:
        out: Run again to resume.
        recipe: The experiment= of `slowpaths train`.
        seed: Seed of the world and of training.
        workers: Videos at the same time; auto takes every core.
        world: What is filmed.
        pose: Who finds people.
    """

    out: Path = Path("runs/demo")
    recipe: str = "demo"
    seed: int = 0
    workers: int | Literal["auto"] = "auto"
    world: WorldSettings
    pose: Any

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_workers(self.workers)


@dataclass(frozen=True, kw_only=True)
class FootageConfig:
    """Configure how footage is mined.

    Args:
        footage: A folder, a file, a list of them, or an archive of poses (.npz).
        weights_dir: Looked at before the user's cache and the network.
        workers: Videos mined at the same time; auto takes every core.
        engine: Processes of this machine (local), or the machines of a Ray cluster (ray).
        pose: Who finds people.
        mining: How strokes are found.
    """

    footage: Path | tuple[Path, ...]
    weights_dir: Path | None = None
    workers: int | Literal["auto"] = 1
    engine: EngineName = "local"
    pose: Any
    mining: MiningSettings = MiningSettings()

    def __post_init__(self) -> None:
        check_workers(self.workers)


@dataclass(frozen=True, kw_only=True)
class RuleChoice:
    """Choose the rules that vote.

    Args:
        include: Codes ("foot.stride") or families ("foot"); empty means all.
        exclude: Codes or families to leave out.
        paths: Python files with rules of your own, as docs/examples/my_rule.py.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelKeys:
    """Configure how deliveries are labelled.

    Args:
        gold: Labels given by a person: Parquet or CSV with delivery_id,label.
        seed: Seed of the label set.
        label_model: How votes become labels.
        rules: Which rules vote.
        votes: Whether what rules vote counts in the labels, beside what teacher and student say.
        teacher: Who has seen simulated strokes, beside the rules: shipped, none, or weights of your own.
        student: Who learns from the pose sequences what rules and teacher believe of them.
        selection: Which labels are kept for training.
    """

    gold: Path | None = None
    seed: int = 0
    label_model: Any
    rules: RuleChoice = RuleChoice()
    votes: bool = True
    teacher: str = SHIPPED
    student: StudentSettings = StudentSettings()
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass(frozen=True, kw_only=True)
class MineConfig(FootageConfig, LabelKeys):
    """Configure `slowpaths mine`.

    Args:
        out: Written here; run again to resume.
        part: Mine every n-th video only, 2/10 for the second of ten runs on one out=; the same command without it then
            writes the tables.
        oracle: Measuring mining: stages that get true results instead of finding them.
        truth: Measuring mining: the folder `truth` of a synthetic world, or one of gold tables, for oracle=.
    """

    out: Path = Path("runs/mined")
    part: str | None = None
    oracle: tuple[Literal["boundaries", "views", "replays", "striker", "impact", "handedness"], ...] = ()
    truth: Path | None = None

    def __post_init__(self) -> None:
        FootageConfig.__post_init__(self)
        LabelKeys.__post_init__(self)
        if self.part is not None:
            number, slash, count = self.part.partition("/")
            if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
                raise UsageError(f"part={self.part} is no part of the videos: give 1/10, 2/10, ... 10/10 to ten runs")

    def numbers(self) -> tuple[int, int] | None:
        """Return number and count of the part; None where all videos are meant."""
        if self.part is None:
            return None
        number, count = self.part.split("/")
        return int(number), int(count)


@dataclass(frozen=True, kw_only=True)
class LabelConfig(LabelKeys):
    """Configure `slowpaths label`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        gold: Labels given by a person: Parquet or CSV with delivery_id,label. A file replaces all that a person said
            before, `gold=none` forgets it; where it is not given, all of it is kept.
        corrections: What a person says now, added to that: corrections.csv of the review page, any such table, a
            list of clips (MMAction2, PySlowFast), a Kinetics CSV or spot JSON.
        company: Other mined folders: thresholds and label model learn from their deliveries too, none of which is
            labelled.
    """

    mined: Path
    corrections: Path | None = None
    company: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReviewConfig:
    """Configure `slowpaths review`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        predictions: A model's predictions on it, shown beside the labels.
        out: An HTML file or a folder; review.html in the mined folder where not given.
        embed: Clips inside the page: auto (where they fit), always, never.
        embed_limit_mb: What fits, megabytes of clips.
        max_cards: Of a larger set every second, third ... delivery is shown.
        to: Instead of a page, the labels for another tool, written into the folder out=.
        next: How many deliveries to name that a person should look at next; they come first on the page.
    """

    mined: Path
    predictions: Path | None = None
    out: Path | None = None
    embed: Literal["auto", "always", "never"] = "auto"
    embed_limit_mb: float = 32
    max_cards: int = 5000
    to: Literal[
        "page", "cvat", "labelstudio", "fiftyone", "mmaction", "pyslowfast", "kinetics", "spot", "coco", "croissant"
    ] = "page"
    next: int = 0

    def __post_init__(self) -> None:
        if self.to != "page" and self.out is None:
            raise UsageError(f"to={self.to} needs out=, the folder it is written into")
        if not 0 <= self.embed_limit_mb < math.inf:
            raise UsageError(f"embed_limit_mb={self.embed_limit_mb:g} is no size: give megabytes from 0 on")
        if self.max_cards < 1:
            raise UsageError(f"max_cards={self.max_cards} shows nothing: give 1 or more")
        if self.next < 0:
            raise UsageError(f"next={self.next} is no number of deliveries: give 0 or more")


@dataclass(frozen=True, kw_only=True)
class PredictConfig(FootageConfig):
    """Configure `slowpaths predict`.

    Args:
        ckpt: Checkpoint that `slowpaths train` wrote.
        footage: A folder, a file, or a list of them.
        out: Events, predictions and clips go here.
        batch_size: Clips a batch.
        num_test_views: Views of each clip, averaged, each moved by two frames; 30 are 10 such, each cut left, centre
            and right.
        suppress_s: Of strokes of a video whose impacts lie nearer than this, seconds, the surest is an event: a shot
            boundary inside a stroke would make two. The stroke window is as long; predictions keep all.
        device: cpu or cuda.
        compile: Whether `torch.compile` makes the network faster, as for `slowpaths train`; worth it for long footage.
        allow_target: Import path of the checkpoint's network, where it is not one of ours: its code is run.
    """

    ckpt: Path
    out: Path = Path("runs/events")
    batch_size: int = 8
    num_test_views: int = 3
    suppress_s: float = 1.28
    device: str = "cpu"
    compile: Literal["eager", "default", "reduce-overhead"] = "eager"
    allow_target: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("batch_size", "num_test_views"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name}={getattr(self, name)} predicts nothing: give 1 or more")
        if not 0 <= self.suppress_s < math.inf:
            raise UsageError(f"suppress_s={self.suppress_s} is no time: give seconds, or 0 to suppress nothing")
