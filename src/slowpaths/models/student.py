"""A student of the label model on the pose sequences themselves: it sees what features and rules leave out.

Rules, label model and teacher read some numbers of each stroke. The student reads the moving skeleton, and learns their
soft opinions of every delivery at hand; what it then says of a delivery comes from a network that has not seen that
delivery's match (cross-fitting), so that it passes on what deliveries have in common and not what it was told of each.
No label is read. Where two sequences of one stroke look alike and the rules were right about one of them, it corrects
the other.

The network: two dilated convolutions over values and differences, a bidirectional gated recurrent unit, mean and
maximum over time. Sequences of either hand are alike: every batch mirrors half of its sequences.

Legend: N deliveries, T frames, C classes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

import numpy as np
import torch
from torch import nn

from slowpaths import __version__
from slowpaths.core.ids import fingerprint
from slowpaths.core.stroke_sequence import mirrored, resampled, varied
from slowpaths.core.threads import one_torch_thread
from slowpaths.models.baselines.skeleton_gru import SkeletonGru
from slowpaths.models.class_shares import with_shares
from slowpaths.models.student_settings import StudentSettings

Recall = Callable[[str, Callable[[], np.ndarray]], np.ndarray]
"""Given the name of a result and how to get it, return it: the one that was kept under that name, where one was."""


def _learn_anew(name: str, learn: Callable[[], np.ndarray]) -> np.ndarray:
    return learn()


def cross_fit(
    sequences: Sequence[np.ndarray | None],
    matches: Sequence[str],
    opinions_NC: np.ndarray,
    *,
    settings: StudentSettings,
    shares_C: np.ndarray | None = None,
    seed: int = 0,
    recall: Recall = _learn_anew,
) -> np.ndarray:
    """Return what networks say that were taught on the opinions of other matches (N, C).

    Args:
        sequences: A sequence (T, 30) a delivery, None where there is none.
        matches: The match of each delivery.
        opinions_NC: What is believed so far; uncertain opinions teach less (weight .1 + p squared).
        settings: Settings of networks and teaching.
        shares_C: Shares of the strokes in what is taught; None for those that come of the opinions.
        seed: Seed of networks, folds and batches; the same seed gives the same answer.
        recall: Asked for what each network says, by a name that tells all that decides it; a killed run goes on so.

    Returns:
        Probabilities; rows are NaN without a sequence. All are NaN where fewer than `min_deliveries` have a sequence,
        or they come from fewer matches than `folds`.
    """
    said_NC = np.full(opinions_NC.shape, np.nan)
    rows = np.array([row for row, sequence in enumerate(sequences) if sequence is not None], dtype=np.int64)
    names, match_of = np.unique([matches[row] for row in rows], return_inverse=True)
    if settings.why_silent(num_deliveries=len(sequences), num_sequences=len(rows), num_matches=len(names)):
        return said_NC
    targets_NC = np.maximum(opinions_NC, 1e-9) ** settings.sharpness
    targets_NC /= targets_NC.sum(axis=1, keepdims=True)
    if shares_C is not None:
        targets_NC[rows] = with_shares(targets_NC[rows], shares_C)
    present = [sequence for sequence in sequences if sequence is not None]
    whole = _fingerprint(present, match_of, targets_NC[rows], settings=settings, seed=seed)
    said_NC[rows] = 0.0
    for repeat in range(settings.repeats):
        fold_of = np.random.default_rng([seed, repeat]).permutation(len(names))[match_of] % settings.folds
        for fold in range(settings.folds):
            taught, asked = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            own_seed = (seed * settings.repeats + repeat) * settings.folds + fold
            shown, unseen = ([present[row] for row in part] for part in (taught, asked))
            learn = partial(_say, shown, targets_NC[rows[taught]], unseen, settings=settings, seed=own_seed)
            said_NC[rows[asked]] += recall(f"{whole}-{repeat}-{fold}", learn) / settings.repeats
    return said_NC


def _fingerprint(
    sequences: Sequence[np.ndarray],
    match_of: np.ndarray,
    targets_NC: np.ndarray,
    *,
    settings: StudentSettings,
    seed: int,
) -> str:
    """Identify what decides what all networks say."""
    digest = hashlib.sha256()
    for values in (*sequences, match_of, targets_NC):
        digest.update(f"{values.shape}{values.dtype}".encode() + np.ascontiguousarray(values).tobytes())
    versions = [__version__, torch.__version__, np.__version__]
    return fingerprint([digest.hexdigest(), asdict(settings), seed, versions])


def _say(
    shown: Sequence[np.ndarray],
    targets_NC: np.ndarray,
    unseen: Sequence[np.ndarray],
    *,
    settings: StudentSettings,
    seed: int,
) -> np.ndarray:
    return _ask(_teach(shown, targets_NC, settings, seed=seed), unseen)


def _teach(
    sequences: Sequence[np.ndarray], targets_NC: np.ndarray, settings: StudentSettings, *, seed: int
) -> SkeletonGru:
    random = np.random.default_rng([seed, 1])
    with torch.random.fork_rng(devices=[]), one_torch_thread():
        torch.manual_seed(seed)
        network = SkeletonGru(targets_NC.shape[1], dropout=settings.dropout)
        num_batches = -(-len(sequences) // settings.batch_size)
        optimiser = torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.lr, total_steps=settings.epochs * num_batches
        )
        targets = torch.tensor(targets_NC, dtype=torch.float32)
        weights = 0.1 + targets.amax(dim=1) ** 2
        for _ in range(settings.epochs):
            for rows in np.array_split(random.permutation(len(sequences)), num_batches):
                batch = torch.from_numpy(np.stack([varied(sequences[row], random, mirror_p=0.5) for row in rows]))
                gains = (targets[rows] * torch.log_softmax(network(batch), dim=1)).sum(dim=1)
                loss = -(weights[rows] * gains).sum() / weights[rows].sum()
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                schedule.step()
    return network.eval()


def _ask(network: SkeletonGru, sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of what is said of a sequence and of its mirror image (N, C)."""
    plain = np.stack([resampled(sequence) for sequence in sequences])
    with torch.inference_mode(), one_torch_thread():
        probs = [torch.softmax(network(torch.from_numpy(way)), dim=1) for way in (plain, mirrored(plain))]
    return (0.5 * (probs[0] + probs[1])).double().numpy()
