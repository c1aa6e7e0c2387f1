"""Say how the two networks of impacts do together, and what probability of a stroke their answers are worth.

usage: python -m scripts.calibration.claims --shared ../shared [--calibration runs/calibration]

Run `moments` and `timing` first: what they observed and set is read here. Each true shot of play, and each clip of
other sports, is answered by the networks that were set on the other half of the clips, true views and boundaries given,
for the person whom the moment network chooses from now and then. What is known of strokes beforehand, the sound and
replays count for nothing here. It prints

- how near the best instants are to the true impacts, and the area under the curve of shots with a stroke among all:
  either network and both;
- slope and offset of a logistic regression of whether there is a stroke on the log odds of what both expect within half
  a second of the best instant: `CALIBRATED` in `mining/impact/events.py`; on either half and on both;
- how often there is a stroke where so much is claimed, by the regression of the other half.

Legend: G instants, S shots.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scripts.calibration.gold import real_videos
from scripts.calibration.strokes import TARGET_SD_S, WATCHED, Part, Person, peaks, watch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from slowpaths.evaluation.halves import half_of
from slowpaths.mining.impact.events import LOCATED_S, raw_log_odds
from slowpaths.mining.impact.evidence import ANSWER_PER_IMPACT, together
from slowpaths.mining.impact.instants import smooth
from slowpaths.mining.impact.moment_network import MomentNetwork, load_moment_network
from slowpaths.mining.impact.timing_network import TimingNetwork, load_timing_network
from slowpaths.pose.estimate import build_pose

WHAT = ("moment network", "timing network", "both")
CLAIMED = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
WEAK_PENALTY = 100.0  # inverse strength of the ridge: there are two numbers to set


class Answer(NamedTuple):
    """Hold what one network, or both, say of a shot."""

    half: int
    has_stroke: bool
    log_odds: float  # of a stroke about the best instant
    errors: list[tuple[float, float]]  # of each true impact: seconds to the nearest of the best instants, and frames


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="footage, footage_b and models")
    parser.add_argument("--pose", default="movenet", help="who finds the people")
    parser.add_argument("--calibration", type=Path, default=Path("runs/calibration"), help="what was set before")
    asked = parser.parse_args()
    pose = build_pose(asked.pose, weights_dir=asked.shared / "models")
    kept = asked.calibration / f"{WATCHED}_{asked.pose}"
    kept.mkdir(parents=True, exist_ok=True)
    parts = [part for video in real_videos(asked.shared) for part in watch(video, pose=pose, kept=kept / video.key)]
    answers: dict[str, list[Answer]] = {what: [] for what in WHAT}
    for half in (0, 1):
        set_on_other = [str(asked.calibration / name / f"for-half-{half}.npz") for name in ("moments", "timing")]
        networks = load_moment_network(set_on_other[0]), load_timing_network(set_on_other[1])
        for part in parts:
            if half_of(part.video.group) == half:
                for what, answer in answer_part(part, half=half, networks=networks).items():
                    answers[what].append(answer)
    report(answers)


def answer_part(part: Part, *, half: int, networks: tuple[MomentNetwork, TimingNetwork]) -> dict[str, Answer]:
    """Return what the networks say of a shot; where nobody is seen, that there is no stroke."""
    if not part.people:
        missed = [(np.inf, np.inf) for _ in part.impacts]
        return {what: Answer(half, bool(part.impacts), -np.inf, missed) for what in WHAT}
    moment, timing = networks
    best = int(np.argmax([smooth(moment(person.sparse_GF), TARGET_SD_S).max() for person in part.people]))
    person = part.people[best]
    moment_G = moment(person.close_GF)
    timing_G = 0.5 * (timing(person.timing_GC) + timing(person.mirrored_GC))
    says = dict(zip(WHAT, (moment_G, expit(timing_G), together(moment_G, timing_G)), strict=True))
    return {what: _answer(part, person, answers_G, half=half) for what, answers_G in says.items()}


def _answer(part: Part, person: Person, answers_G: np.ndarray, *, half: int) -> Answer:
    found = peaks(person.times_s, answers_G)
    near = np.abs(person.times_s - found[0][0]) <= LOCATED_S
    log_odds = raw_log_odds(float(answers_G[near].sum()) / ANSWER_PER_IMPACT)
    errors = [
        (error_s, error_s * fps)
        for impact_s, fps in part.impacts
        for error_s in [min(abs(at_s - impact_s) for at_s, _ in found)]
    ]
    return Answer(half, bool(part.impacts), log_odds, errors)


def report(answers: dict[str, list[Answer]], say: Callable[[str], None] = print) -> None:
    """Print the tables."""
    say("set on one half of the clips, read on the other, both ways")
    for what, some in answers.items():
        error_N2 = np.array([error for answer in some for error in answer.errors])
        counts = [
            int((error_N2[:, column] <= most + 0.01 * column).sum()) for column, most in ((0, 0.5), (1, 5), (1, 2))
        ]
        seen = [answer for answer in some if np.isfinite(answer.log_odds)]
        area = roc_auc_score([answer.has_stroke for answer in seen], [answer.log_odds for answer in seen])
        say(
            f"{what:15s} strokes {len(error_N2)}  within .5 s {counts[0]}  5 frames {counts[1]}  2 frames {counts[2]}  "
            f"area under the curve {area:.3f} of {len(seen)} shots"
        )
    both = [answer for answer in answers["both"] if np.isfinite(answer.log_odds)]
    lines = {part: _line([one for one in both if one.half in part]) for part in ((0,), (1,), (0, 1))}
    for part, (slope, offset) in lines.items():
        name = f"half {part[0]}" if len(part) == 1 else "all"
        say(f"log odds of a stroke, {name}: {slope:.2f} x + {offset:.2f}")
    probability_S = np.array([_probability(one, lines[(1 - one.half,)]) for one in both])
    has_stroke_S = np.array([one.has_stroke for one in both])
    for low, high in pairwise(CLAIMED):
        rows = (probability_S >= low) & ((probability_S < high) | (high == 1.0))
        if rows.any():
            claimed, true = probability_S[rows].mean(), has_stroke_S[rows].mean()
            say(f"claimed {low:.1f} to {high:.1f}: {claimed:.2f} on average, true {true:.2f} of {rows.sum()}")


def _line(answers: Sequence[Answer]) -> tuple[float, float]:
    """Return slope and offset of the log odds of a stroke."""
    model = LogisticRegression(C=WEAK_PENALTY)
    model.fit([[one.log_odds] for one in answers], [one.has_stroke for one in answers])
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _probability(answer: Answer, line: tuple[float, float]) -> float:
    return float(expit(line[0] * answer.log_odds + line[1]))


if __name__ == "__main__":
    main()
