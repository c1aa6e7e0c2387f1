"""A teacher that has seen simulated strokes only: what a stroke is called, from how hands and head move.

It was taught on strokes of the synthetic world, played through random cameras, moments of the cut and errors of pose
models, and measured by mining's own code (`scripts/stroke_teacher`): it has seen neither footage nor a label of it. It
reads the features of hands, bat and head: those of feet, chest and knees tell strokes apart in the world, but not on
real end-on footage, where small pose models square a body up (area under the curve .31 to .56 on 620 real sequences).

Legend: N deliveries, F features, M members of the ensemble, C classes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.strokes import STROKES
from slowpaths.core.tempering import temper

FEATURES_READ = (
    "hand_path_deg", "hand_path_linearity", "elbow_height", "hand_height", "hand_sweep", "finish_side", "hand_reach",
    "gaze_side", "peak_hand_speed", "post_impact_speed", "arc_length", "backlift_height", "elbow_extension_deg",
    "finish_height", "finish_wrap", "wrist_roll", "hands_withdraw", "bat_across", "bat_off", "bat_off_after",
    "bat_up_after",
)  # fmt: skip
BAT = frozenset(name for name in FEATURES_READ if name.startswith("bat_"))
FARTHEST = 4.0  # times the interquartile range from the median; what lies further off is as far as that
FEWEST_KNOWN = 4
"""With fewer features than this a delivery gets no opinion (a design choice: hands seen at impact give four)."""
SHIPPED, NOBODY = "shipped", "none"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrokeTeacher:
    """Hold an ensemble of networks with two hidden layers, and how their inputs are scaled."""

    features_F: np.ndarray  # names of the features it reads, in this order
    strokes_C: np.ndarray  # names of the strokes it knows
    median_F: np.ndarray
    spread_F: np.ndarray  # interquartile range
    first_weights_M: np.ndarray  # (M, 2 F, hidden): features, then whether unknown
    first_bias_M: np.ndarray
    second_weights_M: np.ndarray
    second_bias_M: np.ndarray
    last_weights_M: np.ndarray  # (M, hidden, C)
    last_bias_M: np.ndarray
    temperature: np.ndarray  # (): under which it is as sure of simulated strokes as it is right of them

    @property
    def fingerprint(self) -> str:
        """Identify these weights."""
        return fingerprint({item.name: getattr(self, item.name).tolist() for item in fields(self)})

    def __call__(self, features_NF: np.ndarray) -> np.ndarray:
        """Return the probability of each stroke (N, C); rows are NaN where fewer than four features are known."""
        hidden_MNH = np.maximum(
            scaled(features_NF, self.median_F, self.spread_F) @ self.first_weights_M + self.first_bias_M[:, None], 0.0
        )
        hidden_MNH = np.maximum(hidden_MNH @ self.second_weights_M + self.second_bias_M[:, None], 0.0)
        logits_MNC = hidden_MNH @ self.last_weights_M + self.last_bias_M[:, None]
        odds_MNC = np.exp(logits_MNC.astype(np.float64) - logits_MNC.max(axis=2, keepdims=True))
        probs_NC = (odds_MNC / odds_MNC.sum(axis=2, keepdims=True)).mean(axis=0)
        probs_NC[np.isfinite(features_NF).sum(axis=1) < FEWEST_KNOWN] = np.nan
        return probs_NC

    def calibrated(self, said_NC: np.ndarray) -> np.ndarray:
        """Return what it said (N, C), as sure as it is right of simulated strokes that it did not learn from."""
        return temper(said_NC, float(self.temperature))


def scaled(features_NF: np.ndarray, median_F: np.ndarray, spread_F: np.ndarray) -> np.ndarray:
    """Return the inputs of a teacher (N, 2 F), float32; what is unknown is the median, and said to be unknown."""
    scaled_NF = ((features_NF - median_F) / spread_F).clip(-FARTHEST, FARTHEST)
    return np.hstack([np.nan_to_num(scaled_NF), np.isnan(scaled_NF)]).astype(np.float32)


@lru_cache(maxsize=2)
def load_teacher(name: str = SHIPPED) -> StrokeTeacher | None:
    """Load the shipped teacher, none, or one from a file that `scripts/stroke_teacher/train.py` wrote.

    Raises:
        UsageError: If the file cannot be read, or holds a teacher that reads other features, knows other strokes, or
            cannot be a teacher; the sentence names what differs.
    """
    if name == NOBODY:
        return None
    cure = "make one with scripts/stroke_teacher/train.py, or leave teacher= out for the shipped one"
    file = files("slowpaths.labelling") / "weights" / "teacher.npz" if name == SHIPPED else Path(name).expanduser()
    try:
        with file.open("rb") as stream, np.load(stream) as arrays:
            teacher = StrokeTeacher(**{item.name: arrays[item.name] for item in fields(StrokeTeacher)})
    except KeyError as error:
        raise UsageError(f"teacher={name} cannot be read as weights of a teacher ({error.args[0]}): {cure}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"teacher={name} cannot be read as weights of a teacher: {cure}") from error
    if differs := _difference(teacher):
        raise UsageError(f"teacher={name} {differs}: {cure}")
    return teacher


def _difference(teacher: StrokeTeacher) -> str:
    """Return by what a teacher differs from one that can be used here; "" where by nothing."""
    for names, own, what in (
        (teacher.features_F, FEATURES_READ, "was taught on other features"),
        (teacher.strokes_C, STROKES, "was taught another taxonomy of strokes"),
    ):
        if differs := _first_difference(names.ravel().tolist(), own):
            return f"{what} ({differs})"
    shapes = [value.shape for value in (teacher.first_weights_M, teacher.second_weights_M)]
    if any(len(shape) != 3 for shape in shapes):
        return "has layers that are no stacks of matrices"
    (members, _, first), (_, _, second), num = shapes[0], shapes[1], len(FEATURES_READ)
    wanted = {
        "median_F": (num,), "spread_F": (num,), "temperature": (),
        "first_weights_M": (members, 2 * num, first), "first_bias_M": (members, first),
        "second_weights_M": (members, first, second), "second_bias_M": (members, second),
        "last_weights_M": (members, second, len(STROKES)), "last_bias_M": (members, len(STROKES)),
    }  # fmt: skip
    for key, shape in wanted.items():
        values = getattr(teacher, key)
        if values.dtype.kind not in "fiu":
            return f"holds no numbers in {key}"
        if values.shape != shape:
            return f"has a {key} of shape {values.shape} where the others ask for {shape}"
        if not np.isfinite(values).all() or (key in ("spread_F", "temperature") and not (values > 0).all()):
            return f"holds values in {key} that cannot be (not finite, or a scale of 0)"
    return "" if members else "has no member"


def _first_difference(names: Sequence[object], own: Sequence[str]) -> str:
    if len(names) != len(own):
        return f"{len(names)}, here {len(own)}"
    pairs = enumerate(zip(names, own, strict=True), start=1)
    return next((f"number {place} is {name}, here {here}" for place, (name, here) in pairs if name != here), "")
