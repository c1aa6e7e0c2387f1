"""Make the shipped teacher: play strokes, see them as pose models do, measure them as mining does, learn their names.

usage: python -m scripts.stroke_teacher.train [--num 24000] [--seed 42] [--out runs/stroke_teacher]
           [--write src/slowpaths/labelling/weights/teacher.npz] [--calibrate TEACHER]

No footage and no label is read: every stroke is simulated. Half are measured as sequences of an archive (camera and
speed unknown), half as mining measures video (camera known, impact found to within .02 to .12 s). One stroke in five is
held out; the table says how many of those are named right. On half of them one temperature is fitted, and the other
half tells how far confidence is from accuracy with and without it. `--calibrate` fits it anew for a teacher that is
there, on strokes of a seed that it was not taught. Strokes are kept in OUT, in parts, so that it goes on where it
stopped. 24,000 strokes take about eight minutes on one core, learning takes one.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from scripts.stroke_teacher.pose_errors import bat_as_seen, estimate
from scripts.stroke_teacher.strokes import FPS, SIZE, FilmedStroke, film_stroke
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from slowpaths.core.records import PoseSequence, PoseTrack
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.core.tempering import temper
from slowpaths.evaluation.measures.calibration_error import calibration_error, equal_width_bins
from slowpaths.labelling.gold_check import fit_temperature
from slowpaths.labelling.teacher import FEATURES_READ, StrokeTeacher, load_teacher, scaled
from slowpaths.mining.features.bat_features import bat_features
from slowpaths.mining.features.measure import measure
from slowpaths.mining.sequences import mine_sequence
from slowpaths.mining.striker.bat import LOOKS_S
from slowpaths.mining.striker.handedness import handedness
from slowpaths.world.presets import VIEW_OF

PART = 1000
HELD_OUT_EVERY = 5
IMPACT_ERRORS_S = (0.02, 0.06, 0.12)
UNNOTICED = 0.5  # share of slow motion that mining takes for live
POOLED = 0.8  # share of balls whose handedness is known from the innings
COPIES = 4  # of each stroke, with other features blanked
MOST_BLANK = 0.6
HIDDEN = (64, 32)
MEMBERS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Hold simulated strokes as mining measures them."""

    features_NF: np.ndarray  # `labelling.teacher.FEATURES_READ`; NaN where not measured
    strokes_N: np.ndarray  # class numbers
    is_archive_N: np.ndarray


def measured_part(number: int, *, seed: int) -> Measured:
    """Play and measure `PART` strokes; those in which nobody is seen are left out."""
    rows: list[tuple[list[float], int, bool]] = []
    for index in range(number * PART, (number + 1) * PART):
        random = np.random.default_rng([seed, index])
        is_archive = index % 2 == 0
        filmed = film_stroke(random, is_archive=is_archive)
        features = features_of(random, filmed, is_archive=is_archive) if np.isfinite(filmed.pixels_TJ2).all() else None
        if features is not None:
            rows.append(([features[name] for name in FEATURES_READ], INDEX[filmed.stroke], is_archive))
    features, strokes, is_archive = zip(*rows, strict=True)
    return Measured(features_NF=np.array(features), strokes_N=np.array(strokes), is_archive_N=np.array(is_archive))


def track_of(random: np.random.Generator, filmed: FilmedStroke, *, is_archive: bool) -> PoseTrack:
    """Return the track a pose model would give; an archive knows no camera, a video a drifting one."""
    keypoints_TJC = estimate(random, filmed.pixels_TJ2, is_archive=is_archive)
    num_frames = len(keypoints_TJC)
    xy_TJ2 = np.where(np.isfinite(keypoints_TJC[..., :2]), keypoints_TJC[..., :2], [np.inf, np.inf])
    low_T2 = xy_TJ2.min(axis=1)
    high_T2 = np.where(np.isfinite(xy_TJ2), xy_TJ2, -np.inf).max(axis=1)
    drift_T3 = np.cumsum(random.normal(size=(num_frames, 3)) * [0.5, 0.5, 0.001], axis=0)
    return PoseTrack(
        video_id="simulated", shot_id="", track_id=0, frames_T=np.arange(num_frames), pts_s=np.arange(num_frames) / FPS,
        keypoints_TJC=keypoints_TJC, boxes_T4=np.column_stack([low_T2, high_T2]),
        camera_T3=np.zeros((num_frames, 3)) if is_archive else filmed.camera_T3 + drift_T3,
    )  # fmt: skip


def features_of(random: np.random.Generator, filmed: FilmedStroke, *, is_archive: bool) -> dict[str, float] | None:
    """Return what mining measures of a stroke; None where nobody is seen."""
    track = track_of(random, filmed, is_archive=is_archive)
    if is_archive:
        sequence = PoseSequence(name="", label="", track=track, duplicate_of="", picture_size=SIZE, digest="")
        deliveries = mine_sequence(sequence).deliveries
        return dict(deliveries[0].features) if deliveries else None
    view = VIEW_OF[filmed.camera]
    impact_s = filmed.impact_s + random.normal() * random.choice(IMPACT_ERRORS_S)
    impact_s = float(np.clip(impact_s, 0.0, track.pts_s[-1]))
    if random.random() < POOLED:
        # A camera behind the keeper shows a right-hander as one behind the bowler shows a left-hander.
        right_p = float(filmed.is_right_handed != (filmed.camera == "keeper_end"))
    else:
        right_p = handedness(track, impact_s=impact_s, view=view, picture_size=SIZE)
    is_live = filmed.is_live or random.random() < UNNOTICED
    rows = np.unique([int(np.abs(track.pts_s - impact_s - look_s).argmin()) for look_s in LOOKS_S])
    seen_N2 = bat_as_seen(random, filmed.bat_T2[rows])
    bat = bat_features(track.pts_s[rows] - impact_s, seen_N2, view=view, is_right_handed=right_p >= 0.5)
    size = {"picture_size": SIZE, "extras": bat}
    return measure(track, impact_s=impact_s, view=view, handedness_p=right_p, is_live=is_live, **size)


def fit(measured: Measured, *, seed: int) -> StrokeTeacher:
    """Learn from simulated strokes, with features blanked at random; the teacher is not calibrated yet."""
    random = np.random.default_rng(seed)
    low_F, median_F, high_F = np.nanpercentile(measured.features_NF, [25, 50, 75], axis=0)
    spread_F = high_F - low_F + 1e-6
    inputs = [scaled(_blanked(random, measured.features_NF), median_F, spread_F) for _ in range(COPIES)]
    inputs_NI, strokes_N = np.concatenate(inputs), np.tile(measured.strokes_N, COPIES)
    settings = {"alpha": 1e-2, "learning_rate_init": 2e-3, "max_iter": 30, "n_iter_no_change": 100}
    batch_size, members = min(256, len(strokes_N)), []
    with warnings.catch_warnings(category=ConvergenceWarning, action="ignore"):  # thirty rounds are meant
        for member in range(MEMBERS):
            network = MLPClassifier(HIDDEN, batch_size=batch_size, random_state=seed + member, **settings)
            members.append(network.fit(inputs_NI, strokes_N))
    layers = {}
    for layer, name in enumerate(("first", "second", "last")):
        layers[f"{name}_weights_M"] = np.stack([member.coefs_[layer] for member in members]).astype(np.float32)
        layers[f"{name}_bias_M"] = np.stack([member.intercepts_[layer] for member in members]).astype(np.float32)
    return StrokeTeacher(
        features_F=np.array(FEATURES_READ), strokes_C=np.array(STROKES), median_F=median_F, spread_F=spread_F,
        temperature=np.array(1.0), **layers,
    )  # fmt: skip


def calibrate(teacher: StrokeTeacher, strokes: Measured) -> StrokeTeacher:
    """Return a teacher with the temperature that fits half of some strokes, and print what it does to the others.

    Args:
        teacher: The teacher.
        strokes: Strokes that it did not learn from.
    """
    probs_NC = teacher(strokes.features_NF)
    speaks_N = np.isfinite(probs_NC).all(axis=1)
    probs_NC, strokes_N = probs_NC[speaks_N], strokes.strokes_N[speaks_N]
    is_judged_N = np.arange(len(strokes_N)) // 2 % 2 == 1  # in pairs: archive and video take turns
    temperature = fit_temperature(probs_NC[~is_judged_N], strokes_N[~is_judged_N])
    before, after = (
        _calibration_error(temper(probs_NC[is_judged_N], value), strokes_N[is_judged_N]) for value in (1.0, temperature)
    )
    print(f"calibration error {before:.3f}, with the temperature {temperature:.2f} it is {after:.3f}")
    return replace(teacher, temperature=np.array(temperature))


def _calibration_error(probs_NC: np.ndarray, strokes_N: np.ndarray) -> float:
    confidence_N, is_right_N = probs_NC.max(axis=1), (probs_NC.argmax(axis=1) == strokes_N).astype(float)
    return float(
        calibration_error(confidence_N, is_right_N, equal_width_bins(confidence_N), np.ones((1, len(strokes_N))))[0]
    )


def _blanked(random: np.random.Generator, features_NF: np.ndarray) -> np.ndarray:
    rates_N1 = random.uniform(0, MOST_BLANK, size=(len(features_NF), 1))
    return np.where(random.random(features_NF.shape) < rates_N1, np.nan, features_NF)


def main() -> None:
    """Read the command line, play what is missing, learn, print the table, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=24_000, help="strokes to play, rounded up to thousands")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=Path("runs/stroke_teacher"), help="where played strokes are kept")
    parser.add_argument("--write", type=Path, help="file for the teacher that has learnt from all strokes")
    parser.add_argument("--calibrate", type=Path, help="a teacher's file: fit its temperature, and learn nothing")
    asked = parser.parse_args()
    strokes = _played(asked.num, seed=asked.seed, kept=asked.out)
    if asked.calibrate:
        found = load_teacher(str(asked.calibrate))
        assert found is not None
        np.savez_compressed(asked.calibrate, **asdict(calibrate(found, strokes)))
        return
    is_held_out = np.arange(len(strokes.strokes_N)) % HELD_OUT_EVERY == 0
    print(f"share of held-out simulated strokes named right (chance {1 / len(STROKES):.3f}), and the mean confidence")
    found = fit(_rows(strokes, ~is_held_out), seed=asked.seed)
    for kind in (True, False):
        rows = _rows(strokes, is_held_out & (strokes.is_archive_N == kind))
        probs_NC = found(rows.features_NF)
        right = float((probs_NC.argmax(axis=1) == rows.strokes_N).mean())
        named = "as in an archive" if kind else "as in a video"
        print(f"{named:18s} {right:.3f} of {len(rows.strokes_N)}, confidence {np.nanmean(probs_NC.max(axis=1)):.3f}")
    found = calibrate(found, _rows(strokes, is_held_out))
    if asked.write:
        whole = replace(fit(strokes, seed=asked.seed), temperature=found.temperature)
        np.savez_compressed(asked.write, **asdict(whole))
        print(f"wrote {asked.write}")


def _played(num: int, *, seed: int, kept: Path) -> Measured:
    """Return simulated strokes as measured, from a folder where they are kept; what is missing is played."""
    kept.mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(-(-num // PART)):
        file = kept / f"strokes-{seed}-{number:03d}.npz"
        if not file.is_file():
            np.savez_compressed(file, **asdict(measured_part(number, seed=seed)))
            print(f"{(number + 1) * PART} strokes played", file=sys.stderr, flush=True)
        with np.load(file) as arrays:
            parts.append(Measured(**arrays))
    return Measured(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Measured.__dataclass_fields__}
    )


def _rows(strokes: Measured, is_wanted: np.ndarray) -> Measured:
    return Measured(**{name: values[is_wanted] for name, values in asdict(strokes).items()})


if __name__ == "__main__":
    main()
