"""Labels that rules and a network which has not seen them agree on.

Legend: N clips, C the 14 strokes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import STROKES

_ROUNDS = 50  # of scaling to the prior; two dozen are enough to a thousandth
_SURE_P = 0.9  # above it rules or network are sure of a clip
_DROPPED = 0.05  # most clips that are dropped, a share (confident learning: Northcutt et al. 2021, arXiv 1911.00068)


def relabelled(clips: Sequence[LabelledClip], probs: Mapping[str, np.ndarray]) -> list[LabelledClip]:
    """Return clips with the labels that they and out-of-fold predictions of a network give together.

    Of the clips where both are sure and differ, the surest (a twentieth of all at most) are dropped. Labels that a
    person gave, and clips without a prediction, stay as they are.

    Args:
        clips: Clips with their labels.
        probs: Delivery -> probabilities (14,) of a network that was trained without its match.
    """
    chosen = [clip for clip in clips if clip.delivery_id in probs and clip.source != "gold"]
    if not chosen:
        return list(clips)
    labels_NC, network_NC = np.array([clip.probs for clip in chosen]), np.array([probs[c.delivery_id] for c in chosen])
    both_NC, is_dropped_N = agree(labels_NC, network_NC), disagree(labels_NC, network_NC)
    new = {
        clip.delivery_id: replace(
            clip,
            probs=both_C,
            label=STROKES[int(both_C.argmax())],
            confidence=float(both_C.max()),
            is_kept=clip.is_kept and not is_dropped,
        )
        for clip, both_C, is_dropped in zip(chosen, both_NC, is_dropped_N.tolist(), strict=True)
    }
    return [new.get(clip.delivery_id, clip) for clip in clips]


def agree(labels_NC: np.ndarray, network_NC: np.ndarray) -> np.ndarray:
    """Return sqrt(q p) (N, C), rows summing to 1, scaled by stroke until their mean is that of the labels q.

    A network that was trained with logit adjustment believes in balanced strokes: the scaling takes that out again.
    """
    prior_C = labels_NC.mean(axis=0)
    both_NC = np.sqrt(labels_NC * network_NC)
    both_NC[both_NC.sum(axis=1) == 0] = prior_C
    for _ in range(_ROUNDS):
        both_NC *= prior_C / np.maximum(both_NC.mean(axis=0), 1e-12)
        both_NC /= both_NC.sum(axis=1, keepdims=True)
    return both_NC


def disagree(labels_NC: np.ndarray, network_NC: np.ndarray) -> np.ndarray:
    """Return which clips (N,) to drop: both are sure, of different strokes; a twentieth of all at most, surest first.

    Example:
        >>> sure = np.eye(2) * 0.9 + 0.05
        >>> disagree(np.repeat(sure[:1], 20, axis=0), np.vstack([sure[:1].repeat(19, axis=0), sure[1:]])).nonzero()[0]
        array([19])
    """
    sure_N = np.minimum(labels_NC.max(axis=1), network_NC.max(axis=1))
    is_wrong_N = (sure_N > _SURE_P) & (labels_NC.argmax(axis=1) != network_NC.argmax(axis=1))
    worst = np.argsort(-np.where(is_wrong_N, sure_N, 0), kind="stable")[: int(_DROPPED * len(sure_N))]
    is_dropped_N = np.zeros(len(sure_N), dtype=bool)
    is_dropped_N[worst] = True
    return is_dropped_N & is_wrong_N
