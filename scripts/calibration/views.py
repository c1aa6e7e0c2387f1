"""Calibrate the classifier of camera views on gold shots of real clips and on synthetic worlds, and measure it.

usage: python -m scripts.calibration.views --shared ../shared --worlds runs/worlds/* [--out runs/calibration/views]
           [--write src/slowpaths/mining/weights/views.npz]

Every frame that the survey of mining would look at (here five a second) is an example; a shot counts as one, whatever
its length. Clips are split into halves by group: the table printed is set on one half and read on the other, both ways.
What is written with --write is set on all of them. Looks are kept in OUT, so that it goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scripts.calibration.crossing import calibrate
from scripts.calibration.gold import GoldVideo

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.views import VIEWS
from slowpaths.mining.context import VideoContext
from slowpaths.mining.oracle import Oracle
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.survey import survey
from slowpaths.mining.shots.view_classifier import Look, ViewClassifier, scaled, standardise
from slowpaths.mining.shots.view_cues import ViewCues
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe

EVERY_S = 0.2
COMPONENTS = 150  # principal components of the picture features that are weighed
PENALTY = 0.12  # inverse strength of the ridge
BALANCE = 0.5  # 0 shots count alike, 1 views count alike
WORLD_SHARE = 0.25  # of the weight of the real clips that synthetic worlds have
PRIOR_COUNTS = 8.0  # of every view before what follows it is counted
PLAY = tuple(VIEWS.index(view) for view in ("pitch_endon", "pitch_side", "nets_endon", "nets_side"))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """Hold the looks at one shot."""

    video: GoldVideo
    view: int
    looks: list[Look]


def look_at(video: GoldVideo, *, pose, kept: Path) -> list[Example]:
    """Survey one video with its true shot boundaries, or read what an earlier call saw."""
    kept = kept.with_name(f"{kept.name}.npz")
    if not kept.is_file():
        settings = MiningSettings(survey_every_s=EVERY_S, survey_looks=1000)
        try:
            reference = probe(video.path, root=video.path.parent)
            with open_video(video.path, backend=settings.backend) as decoder:
                shots = video.shots_of(np.asarray(decoder.pts_s))
                oracle = Oracle(stages=frozenset({"boundaries"}), shots=tuple(shots))
                context = VideoContext(
                    video=reference, path=video.path, decoder=decoder, pose=pose, settings=settings, oracle=oracle
                )
                seen = survey(context)
        except BrokenVideoError as error:
            _log.warning("%s", error)
            return []
        rows = [
            (VIEWS.index(shot.view), index, look)
            for index, shot in enumerate(shots)
            for frame, look in seen.looks.items()
            if shot.first_frame <= frame <= shot.last_frame
        ]
        arrays = {
            "views": [view for view, _, _ in rows],
            "shots": [index for _, index, _ in rows],
            "features": [look.features_E for _, _, look in rows],
            "cues": [[getattr(look.cues, name) for name in ViewCues.__dataclass_fields__] for _, _, look in rows],
        }
        np.savez(kept, **{name: np.array(values) for name, values in arrays.items()})
    with np.load(kept) as arrays:
        views, shots, features, cues = (arrays[name] for name in ("views", "shots", "features", "cues"))
    names = list(ViewCues.__dataclass_fields__)
    looks = [
        Look(cues=ViewCues(**dict(zip(names, row, strict=True))), features_E=one)
        for row, one in zip(cues.tolist(), features, strict=True)
    ]
    return [
        Example(
            video=video, view=int(views[shots == shot][0]), looks=[looks[row] for row in np.flatnonzero(shots == shot)]
        )
        for shot in np.unique(shots)
    ]


def fit(examples: Sequence[Example]) -> ViewClassifier:
    """Fit the classifier to the looks at some shots."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    looks = [look for example in examples for look in example.looks]
    view_N = np.repeat([example.view for example in examples], [len(example.looks) for example in examples])
    weight_N = np.concatenate([np.full(len(example.looks), 1 / len(example.looks)) for example in examples])
    is_world_N = np.repeat(
        [example.video.source == "world" for example in examples], [len(example.looks) for example in examples]
    )
    if is_world_N.any():
        weight_N[is_world_N] *= WORLD_SHARE * weight_N[~is_world_N].sum() / weight_N[is_world_N].sum()
    share_V = np.bincount(view_N, weights=weight_N, minlength=len(VIEWS))
    weight_N = weight_N * ((share_V.sum() / len(VIEWS) / np.maximum(share_V, 1e-9)) ** BALANCE)[view_N]
    features_NE = np.stack([look.features_E for look in looks]).astype(np.float64)
    mean_E, std_E = features_NE.mean(axis=0), features_NE.std(axis=0) + 1e-6
    pca = PCA(COMPONENTS, random_state=0).fit((features_NE - mean_E) / std_E)
    # The components are scaled together, so that their sum of variances is as if sixty of them counted like a cue.
    scale = np.sqrt(pca.explained_variance_.sum() / 60)
    project_EK = pca.components_.T / std_E[:, None] / scale
    offset_K = -(mean_E @ project_EK) - pca.mean_ @ pca.components_.T / scale
    cues_NQ = scaled([look.cues for look in looks])
    cue_mean_Q, cue_std_Q = cues_NQ.mean(axis=0), cues_NQ.std(axis=0) + 1e-6
    inputs = np.concatenate(
        [features_NE @ project_EK + offset_K, standardise(cues_NQ, mean_Q=cue_mean_Q, std_Q=cue_std_Q)], axis=1
    )
    model = LogisticRegression(C=PENALTY, max_iter=1000).fit(inputs, view_N, sample_weight=weight_N)
    weights = np.zeros((inputs.shape[1], len(VIEWS)))
    bias_V = np.full(len(VIEWS), -9.0)  # of a view that is never shown
    weights[:, model.classes_], bias_V[model.classes_] = model.coef_.T, model.intercept_
    return ViewClassifier(
        feature_weights_EV=(project_EK @ weights[:COMPONENTS]).astype(np.float32),
        cue_mean_Q=cue_mean_Q,
        cue_std_Q=cue_std_Q,
        cue_weights_QV=weights[COMPONENTS:],
        bias_V=bias_V + offset_K @ weights[:COMPONENTS],
        follows_VV=follows(examples),
    )


def follows(examples: Sequence[Example]) -> np.ndarray:
    """Return the log of how much more often a view (row) is followed by another (column) than that is shown at all."""
    real = [example for example in examples if example.video.source in ("a", "b")]
    shown_V = np.bincount([example.view for example in real], minlength=len(VIEWS)) + 1.0
    shown_V /= shown_V.sum()
    count_VV = PRIOR_COUNTS * np.tile(shown_V, (len(VIEWS), 1))
    for one, other in pairwise(real):
        if one.video.key == other.video.key:
            count_VV[one.view, other.view] += 1
    return np.log(count_VV / count_VV.sum(axis=1, keepdims=True)) - np.log(shown_V)


def measure(model: ViewClassifier, examples: Sequence[Example]) -> list[tuple[str, int, np.ndarray]]:
    """Return source, true view and probabilities of every shot."""
    found = []
    for key in dict.fromkeys(example.video.key for example in examples):
        one = [example for example in examples if example.video.key == key]
        probs_ZV = model.shots([example.looks for example in one])
        found += [(example.video.source, example.view, probs_V) for example, probs_V in zip(one, probs_ZV, strict=True)]
    return found


def report(found: list[tuple[str, int, np.ndarray]]) -> None:
    """Print what share of the shots is named right, and how often play is taken for play."""
    for source in dict.fromkeys(source for source, _, _ in found):
        some = [(view, probs_V) for name, view, probs_V in found if name == source]
        right = np.mean([probs_V.argmax() == view for view, probs_V in some])
        usual = np.bincount([view for view, _ in some]).max() / len(some)
        play = [probs_V[list(PLAY)].sum() >= MiningSettings().min_view_p for _, probs_V in some]
        is_play = np.array([view in PLAY for view, _ in some])
        recall, alarm = (np.mean(np.array(play)[rows]) if rows.any() else np.nan for rows in (is_play, ~is_play))
        print(
            f"{source:10s} shots {len(some):4d}  view right {right:.3f} (most frequent {usual:.3f})  "
            f"play searched {recall:.3f}  other searched {alarm:.3f}"
        )


if __name__ == "__main__":
    calibrate(__doc__, name="views", seen="looks", look=look_at, fit=fit, measure=measure, report=report)
