"""A student of the label model on the pose sequences themselves: it sees what features and rules leave out.

Rules, label model and teacher read some numbers of each stroke. The student reads the moving skeleton, and learns their
soft opinions of every delivery at hand; what it then says of a delivery comes from a network that has not seen that
delivery's match (cross-fitting), so that it passes on what deliveries have in common and not what it was told of each.
No label is read. Where two sequences of one stroke look alike and the rules were right about one of them, it corrects
the other.

The network: two dilated convolutions over values and differences, a bidirectional gated recurrent unit, mean and
maximum over time. Sequences of either hand are alike: every batch mirrors half of its sequences.

Legend: N deliveries, B a batch, T frames, D channels, C classes, S = 32 steps of a resampled sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from slowpaths.core.body import body_scales, middle
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import INDEX, mirror
from slowpaths.models.student_settings import StudentSettings

STEPS = 32
BEFORE_S, AFTER_S = 1.0, 0.9
FEWEST_FRAMES = 5
MIN_CONFIDENCE = 0.1
_JOINTS = [INDEX["nose"], *(INDEX[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                            for side in ("left", "right"))]  # fmt: skip
_MIRRORED = [0, *(place + 1 if place % 2 else place - 1 for place in range(1, len(_JOINTS)))]
_PLACES = 2 * len(_JOINTS)  # then body size, place of the hips (x, y) and log body size
_CHANNELS = _PLACES + 4


def sequence_of(delivery: Delivery, tracks: Sequence[PoseTrack]) -> np.ndarray | None:
    """Return the stroke as a sequence (T, 30), None where the batter is not seen in five frames.

    A frame holds 13 joints about the hips (x, y in torso units, a left-hander mirrored), the size of the body, where
    the hips are, and the logarithm of the size. Of the tracks of its shot the one at the
    delivery's box counts.
    """
    if not tracks:
        return None
    track = min(tracks, key=lambda track: _distance(delivery, track))
    is_near_T = (track.pts_s >= delivery.impact_s - BEFORE_S) & (track.pts_s <= delivery.impact_s + AFTER_S)
    keypoints_TJC = np.array(track.keypoints_TJC[is_near_T], dtype=np.float64)
    keypoints_TJC[~(keypoints_TJC[..., 2] >= MIN_CONFIDENCE), :2] = np.nan
    if delivery.handedness_p < 0.5:
        keypoints_TJC = mirror(keypoints_TJC, width=1.0)
    sizes_T, hips_T2 = body_scales(keypoints_TJC), middle(keypoints_TJC, "hip")
    is_seen_T = np.isfinite(sizes_T) & np.isfinite(keypoints_TJC[:, _JOINTS, :2]).all(axis=(1, 2))
    if is_seen_T.sum() < FEWEST_FRAMES:
        return None
    size = float(np.median(sizes_T[is_seen_T]))
    if size <= 0:
        return None
    body_TD = ((keypoints_TJC[:, _JOINTS, :2] - hips_T2[:, None]) / size).reshape(len(sizes_T), _PLACES)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs_T = np.log(sizes_T / size)
    place_T2 = (hips_T2 - np.median(hips_T2[is_seen_T], axis=0)) / size
    return np.column_stack([body_TD, sizes_T / size, place_T2, logs_T])[is_seen_T].astype(np.float32)


def _distance(delivery: Delivery, track: PoseTrack) -> float:
    row = int(np.abs(track.pts_s - delivery.impact_s).argmin())
    box = delivery.box
    away = np.abs(track.boxes_T4[row] - np.array([box.x1, box.y1, box.x2, box.y2])).sum()
    return float(np.nan_to_num(away, nan=1e9) + 1e3 * abs(track.pts_s[row] - delivery.impact_s))


def cross_fit(
    sequences: Sequence[np.ndarray | None],
    matches: Sequence[str],
    opinions_NC: np.ndarray,
    *,
    settings: StudentSettings,
    seed: int = 0,
) -> np.ndarray:
    """Return what networks say that were taught on the opinions of other matches (N, C).

    Args:
        sequences: A sequence (T, 30) a delivery, None where there is none.
        matches: The match of each delivery.
        opinions_NC: What is believed so far; uncertain opinions teach less (weight .1 + p squared).
        settings: Settings of networks and teaching.
        seed: Seed of networks, folds and batches; the same seed gives the same answer.

    Returns:
        Probabilities; rows are NaN without a sequence. All are NaN where fewer than `min_deliveries` have a sequence,
        or they come from fewer matches than `folds`.
    """
    said_NC = np.full(opinions_NC.shape, np.nan)
    rows = np.array([row for row, sequence in enumerate(sequences) if sequence is not None], dtype=np.int64)
    names, match_of = np.unique([matches[row] for row in rows], return_inverse=True)
    if len(rows) < settings.min_deliveries or len(names) < settings.folds:
        return said_NC
    targets_NC = np.maximum(opinions_NC, 1e-9) ** settings.sharpness
    targets_NC /= targets_NC.sum(axis=1, keepdims=True)
    present = [sequence for sequence in sequences if sequence is not None]
    said_NC[rows] = 0.0
    for repeat in range(settings.repeats):
        fold_of = np.random.default_rng([seed, repeat]).permutation(len(names))[match_of] % settings.folds
        for fold in range(settings.folds):
            taught, asked = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            own_seed = (seed * settings.repeats + repeat) * settings.folds + fold
            network = _teach([present[row] for row in taught], targets_NC[rows[taught]], settings, seed=own_seed)
            said_NC[rows[asked]] += _ask(network, [present[row] for row in asked]) / settings.repeats
    return said_NC


class SequenceNetwork(nn.Module):
    """Name the stroke of a sequence of skeletons.

    Args:
        num_classes: Classes.
        width: Channels of the convolutions.
        hidden: Units of the recurrent layer, each way.
        dropout: Share of channels that are dropped.
    """

    def __init__(self, num_classes: int, *, width: int = 96, hidden: int = 64, dropout: float = 0.4) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(2 * _CHANNELS, width, 5, padding=2), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
            nn.Conv1d(width, width, 5, padding=4, dilation=2), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
        )  # fmt: skip
        self.recurrent = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * hidden, num_classes))

    def forward(self, sequences_BSD: torch.Tensor) -> torch.Tensor:
        """Return logits (B, C)."""
        steps_BSD = torch.diff(sequences_BSD, dim=1, prepend=sequences_BSD[:, :1])
        seen_BDS = self.convolutions(torch.cat([sequences_BSD, steps_BSD], dim=2).transpose(1, 2))
        states_BSH, _ = self.recurrent(seen_BDS.transpose(1, 2))
        return self.head(torch.cat([states_BSH.mean(dim=1), states_BSH.amax(dim=1)], dim=1))


def _teach(
    sequences: Sequence[np.ndarray], targets_NC: np.ndarray, settings: StudentSettings, *, seed: int
) -> SequenceNetwork:
    random = np.random.default_rng([seed, 1])
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        network = SequenceNetwork(targets_NC.shape[1], dropout=settings.dropout)
        num_batches = -(-len(sequences) // settings.batch_size)
        optimiser = torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.lr, total_steps=settings.epochs * num_batches
        )
        targets = torch.tensor(targets_NC, dtype=torch.float32)
        weights = 0.1 + targets.amax(dim=1) ** 2
        for _ in range(settings.epochs):
            for rows in np.array_split(random.permutation(len(sequences)), num_batches):
                batch = torch.from_numpy(np.stack([_varied(sequences[row], random) for row in rows]))
                gains = (targets[rows] * torch.log_softmax(network(batch), dim=1)).sum(dim=1)
                loss = -(weights[rows] * gains).sum() / weights[rows].sum()
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                schedule.step()
    return network.eval()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run small networks on one thread: more gain nothing, cost much on a busy machine, and may round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _ask(network: SequenceNetwork, sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of what is said of a sequence and of its mirror image (N, C)."""
    plain = np.stack([_resampled(sequence, 0.0, len(sequence) - 1.0) for sequence in sequences])
    with torch.inference_mode(), _one_thread():
        probs = [torch.softmax(network(torch.from_numpy(way)), dim=1) for way in (plain, _mirrored(plain))]
    return (0.5 * (probs[0] + probs[1])).double().numpy()


def _varied(sequence: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a part of at least 70 % of a sequence, of another size, jittered, and mirrored every other time."""
    last = len(sequence) - 1.0
    length = random.uniform(0.7, 1.0) * last
    start = random.uniform(0.0, last - length)
    varied = _resampled(sequence, start, start + length)
    if random.random() < 0.5:
        varied = _mirrored(varied)
    return (varied * np.exp(0.1 * random.normal()) + 0.03 * random.normal(size=varied.shape)).astype(np.float32)


def _resampled(sequence: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return a sequence between two places, in frames, at 32 steps (S, D)."""
    places_S = np.linspace(start, end, STEPS)
    before_S = np.minimum(places_S.astype(np.int64), len(sequence) - 2)
    share_S1 = (places_S - before_S)[:, None].astype(np.float32)
    return (1 - share_S1) * sequence[before_S] + share_S1 * sequence[before_S + 1]


def _mirrored(sequences: np.ndarray) -> np.ndarray:
    """Return the mirror image of sequences (..., D)."""
    joints = sequences[..., :_PLACES].reshape(*sequences.shape[:-1], len(_JOINTS), 2)
    joints = joints[..., _MIRRORED, :] * np.array([-1.0, 1.0], np.float32)
    rest = sequences[..., _PLACES:] * np.array([1.0, -1.0, 1.0, 1.0], np.float32)
    return np.concatenate([joints.reshape(*sequences.shape[:-1], _PLACES), rest], axis=-1)
