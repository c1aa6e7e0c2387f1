"""`slowpaths explain`: where a network looks, as videos: heat of both pathways, skeleton, probabilities and votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import clips_shown_to
from slowpaths.apps.verbs_after_training import ExplainConfig
from slowpaths.core.pose_tracks import AT_IMPACT_S, striker_of
from slowpaths.core.records import Delivery, LabelledClip, PoseTrack, Vote
from slowpaths.core.skeleton import NUM_JOINTS, mirror
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.data.sampling import Window
from slowpaths.models.explain import PATHWAYS, Explanation, explain, require_pathways
from slowpaths.models.prediction import load_classifier
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS, VOTES
from slowpaths.video.overlay import draw_explanation
from slowpaths.video.write import write_clip

_SLOWER = 4  # than played: a stroke takes a second
_NUM_BARS = 5


def run(cfg: DictConfig) -> Outcome:
    """Explain what the network of `ckpt=` says of clips of `mined=`."""
    config = _values.build(ExplainConfig, plain(cfg))
    classifier = load_classifier(config.ckpt, allowed={config.allow_target} if config.allow_target else set())
    require_pathways(classifier.evaluated)
    mined, out = MinedFolder(config.mined), RunFolder(config.out)
    deliveries = {item.delivery_id: item for item in mined.deliveries()}
    names = [config.clip] if config.clip else _evenly(list(deliveries), config.num)
    data = clips_shown_to(classifier, config.mined, batch_size=1, num_test_views=1, delivery_ids=names)
    labels = {clip.delivery_id: clip for clip in mined.labels()} if mined.has(LABELS) else {}
    votes = defaultdict(list)
    for vote in mined.votes() if mined.has(VOTES) else ():
        votes[vote.delivery_id].append(vote)
    shown, spec = classifier.run.clip, mined.clip_spec()
    frames_T = Window(num_frames=shown["num_frames"], frame_stride=shown["frame_stride"]).frames(spec)
    tracks, wrote, rows = mined.poses_by_shot(), [], []
    with progress("explaining", len(names)) as step:
        for clip, batch in zip(data.clips(), data.predict_dataloader(), strict=True):
            name, label = clip.delivery_id, labels.get(clip.delivery_id)
            delivery = deliveries[name]
            found = explain(classifier, batch, stroke=INDEX[config.stroke] if config.stroke else None)
            times_s = delivery.impact_s + (frames_T - spec.impact_frame) / spec.fps
            pictures = draw_explanation(
                batch.fast_BCTHW[0].permute(1, 2, 3, 0).numpy(),
                {
                    f"{pathway} pathway, {found.share[pathway]:.0%} of the heat": found.heat[pathway]
                    for pathway in PATHWAYS
                },
                keypoints_TJC=_poses(delivery, tracks.get(delivery.shot_id, []), times_s),
                bars=_bars(found),
                lines=_lines(found, label, votes[name]),
            )
            wrote.append(out.explanation(name))
            write_clip(wrote[-1], pictures, fps=spec.fps / shown["frame_stride"] / _SLOWER)
            rows.append((name, label.label if label else "", *_said(found)))
            step(name)
    columns = ["delivery", "label", "network", "probability", "heat for", *PATHWAYS]
    notes = [f"videos play {_SLOWER} times slower; slow and fast are the shares of the heat"]
    show_table("slowpaths explain", columns, rows, notes=notes, wrote=wrote)
    return Outcome()


def _said(found: Explanation) -> tuple[str, float, str, float, float]:
    best = int(found.probs_C.argmax())
    shares = found.share["slow"], found.share["fast"]
    return STROKES[best], float(found.probs_C[best]), STROKES[found.stroke], *shares


def _lines(found: Explanation, label: LabelledClip | None, votes: Sequence[Vote]) -> list[str]:
    said = f"{label.label} {label.confidence:.2f} ({label.source})" if label else "none"
    reasons = [f"{vote.rule}: {vote.symbol}  {vote.evidence}" for vote in votes]
    return [f"heat for: {STROKES[found.stroke]}", f"label: {said}", *reasons]


def _evenly(names: list[str], num: int) -> list[str]:
    """Return so many of the names, evenly spread.

    Example:
        >>> _evenly(list("abcdefg"), 3)
        ['a', 'd', 'g']
    """
    return [names[at] for at in np.unique(np.linspace(0, len(names) - 1, num).round().astype(int))] if names else []


def _bars(found: Explanation) -> list[tuple[str, float]]:
    order = np.argsort(-found.probs_C, kind="stable")[:_NUM_BARS]
    return [(STROKES[at], float(found.probs_C[at])) for at in order]


def _poses(delivery: Delivery, tracks: list[PoseTrack], times_s: np.ndarray) -> np.ndarray:
    """Return the batter at each time (T, 17, 3), turned into a right-hander as clips are; NaN where unseen."""
    shown = np.full((len(times_s), NUM_JOINTS, 3), np.nan)
    if (track := striker_of(delivery, tracks)) is not None:
        apart_TS = np.abs(times_s[:, None] - track.pts_s)
        nearest = apart_TS.argmin(axis=1)
        seen = apart_TS.min(axis=1) <= AT_IMPACT_S
        shown[seen] = track.keypoints_TJC[nearest[seen]]
    return mirror(shown, width=0) if delivery.handedness_p < 0.5 else shown
