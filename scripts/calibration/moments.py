"""Calibrate the network that tells impacts from other instants on gold of real clips and on synthetic worlds.

usage: python -m scripts.calibration.moments --shared ../shared --worlds runs/worlds/* [--out runs/calibration/moments]
           [--write src/slowpaths/mining/weights/moments.npz]

Every true shot of a view of play is observed as mining observes it; every person who may be the striker gives two
series of examples, one looked at closely and one now and then, as mining does to choose among them. An instant of the
striker is an impact at the gold contact, and the less the further away. Clips without a stroke are shots of the pitch
here, for that is what they are when a view is mistaken. The table printed is set on one half of the clips, split by
group, and read on the other, both ways: true views and boundaries given. OUT keeps what was observed.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scripts.calibration.crossing import calibrate
from scripts.calibration.gold import GoldVideo

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.records import Box, PoseTrack
from slowpaths.core.views import PLAY_VIEWS
from slowpaths.mining.context import ShotContext, VideoContext
from slowpaths.mining.impact.instant_features import grid_of, instant_features
from slowpaths.mining.impact.instants import smooth
from slowpaths.mining.impact.moment_network import MomentNetwork
from slowpaths.mining.impact.signals import track_signals
from slowpaths.mining.pipeline import pieces, read_onsets
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker.observation import observe
from slowpaths.mining.striker.selection import candidates_of, places_of, standings_of
from slowpaths.store.world_folder import TrueBall
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe

TARGET_SD_S = 0.04  # of the Gaussian about an impact
TARGET_REACH_S = 0.1
LEAST_OVERLAP = 0.3  # of a person's box with the gold box at contact, to be the striker
QUIET_EVERY = 4  # of instants without an impact one in so many is an example, and counts twice
WORLD_SHARE = 0.5  # of the weight of the real clips that synthetic worlds have
HIDDEN, MEMBERS, EPOCHS = 64, 6, 24
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """Hold one who may be the striker of a shot, at every instant."""

    times_s: np.ndarray  # (G,)
    close_GF: np.ndarray  # features, looked at closely
    sparse_times_s: np.ndarray
    sparse_GF: np.ndarray  # features, looked at now and then
    impacts_s: tuple[float, ...]  # impacts of theirs, none where they are not the striker


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Hold one true shot of play, or a piece of it."""

    video: GoldVideo
    view: str
    impacts: tuple[tuple[float, float], ...]  # true impacts, seconds, with the frame rate of the clip
    people: list[Person]


def watch(video: GoldVideo, *, pose, kept: Path) -> list[Part]:
    """Observe the true shots of play of a video, or read what an earlier call saw."""
    kept = kept.with_name(f"{kept.name}.pickle")
    if kept.is_file():
        # the video is what is known now: a group that gold has changed since must not stay on its old side
        return [replace(part, video=video) for part in pickle.loads(kept.read_bytes())]
    settings, parts = MiningSettings(), []
    try:
        reference = probe(video.path, root=video.path.parent)
        with open_video(video.path, backend=settings.backend) as decoder:
            context = VideoContext(video=reference, path=video.path, decoder=decoder, pose=pose, settings=settings)
            pts_s, onsets = np.asarray(decoder.pts_s), read_onsets(context)
            shots = video.shots_of(pts_s)
            for index, shot in enumerate(shots):
                shot = shot if video.shots else replace(shot, view="pitch_endon")
                if shot.view not in PLAY_VIEWS or (shot.view == "closeup" and video.source == "world"):
                    continue
                following = shots[index + 1] if index + 1 < len(shots) else None
                for first, last in pieces(shot, pts_s, settings=settings):
                    shown = ShotContext(
                        footage=context, shot=shot, first_frame=first, last_frame=last,
                        following=following if last == shot.last_frame else None, play_p=1.0, onsets=onsets,
                    )  # fmt: skip
                    if (part := _part(video, shown)) is not None:
                        parts.append(part)
    except BrokenVideoError as error:
        _log.warning("%s", error)
    kept.write_bytes(pickle.dumps(parts))
    return parts


def _part(video: GoldVideo, shown: ShotContext) -> Part | None:
    span = shown.shot.span
    balls = [ball for ball in video.balls if span.start_s - 0.02 <= ball.impact_s <= span.end_s + 0.02]
    impacts = tuple((ball.impact_s, float(shown.footage.video.fps)) for ball in balls)
    observation = observe(shown)
    people = []
    if observation is not None and observation.tracks:
        places = places_of(observation)
        candidates = candidates_of(places, most=shown.footage.settings.max_candidates)
        every_s = 1 / shown.footage.settings.detect_fps
        for candidate, standing in zip(candidates, standings_of(observation, places, candidates), strict=True):
            track = observation.tracks[candidate]
            found = []
            for step_s in (0.0, every_s):
                flow_T, _ = observation.flow(track, every_s=step_s)
                signals = track_signals(observation, observation.joints(track, every_s=step_s), flow_T)
                times_s = grid_of(signals)
                found.append((times_s, instant_features(times_s, signals, standing) if times_s.size else None))
            if found[0][1] is None or found[1][1] is None:
                continue
            own = tuple(ball.impact_s for ball in balls if _is_striker(track, ball))
            people.append(
                Person(
                    times_s=found[0][0],
                    close_GF=found[0][1],
                    sparse_times_s=found[1][0],
                    sparse_GF=found[1][1],
                    impacts_s=own,
                )
            )
    return Part(video=video, view=shown.shot.view, impacts=impacts, people=people) if people or impacts else None


def _is_striker(track: PoseTrack, ball: TrueBall) -> bool:
    row = int(np.abs(track.pts_s - ball.impact_s).argmin())
    if abs(track.pts_s[row] - ball.impact_s) > 0.15 or ball.box is None:
        return False
    x1, y1, x2, y2 = track.boxes_T4[row].tolist()
    return Box(x1=x1, y1=y1, x2=x2, y2=y2).iou(ball.box) >= LEAST_OVERLAP


def target(times_s: np.ndarray, impacts_s: Sequence[float]) -> np.ndarray:
    """Return what the network shall answer at every instant (G,)."""
    away = np.abs(times_s[:, None] - np.array(impacts_s)[None, :]) if impacts_s else np.full((len(times_s), 1), np.inf)
    nearest_s = away.min(axis=1)
    return np.where(nearest_s < TARGET_REACH_S, np.exp(-0.5 * (nearest_s / TARGET_SD_S) ** 2), 0.0)


def examples(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (N, F), targets (N,) and weights (N,) of instants."""
    features, targets, weights, is_world = [], [], [], []
    for part in parts:
        for person in part.people:
            for times_s, own_GF in ((person.times_s, person.close_GF), (person.sparse_times_s, person.sparse_GF)):
                wanted = target(times_s, person.impacts_s)
                rows = np.flatnonzero((wanted > 0) | (np.arange(len(wanted)) % QUIET_EVERY == 0))
                features.append(own_GF[rows])
                targets.append(wanted[rows])
                weights.append(np.where(wanted[rows] > 0, 1.0, 2.0))
                is_world.append(np.full(len(rows), part.video.source == "world"))
    weight_N, world_N = np.concatenate(weights), np.concatenate(is_world)
    if world_N.any() and not world_N.all():
        weight_N[world_N] *= WORLD_SHARE * weight_N[~world_N].sum() / weight_N[world_N].sum()
    return np.concatenate(features), np.concatenate(targets), weight_N / weight_N.mean()


def fit(parts: Sequence[Part]) -> MomentNetwork:
    """Train the ensemble on some shots."""
    features_NF, target_N, weight_N = examples(parts)
    known_NF = np.where(np.isfinite(features_NF), features_NF, np.nan)
    network = MomentNetwork(
        mean_F=np.nanmean(known_NF, axis=0).astype(np.float32),
        std_F=(np.nanstd(known_NF, axis=0) + 1e-3).astype(np.float32),
        may_lack_F=np.isnan(known_NF).mean(axis=0) > 0.02,
        **dict.fromkeys(
            ("first_weights_MIH", "first_bias_MH", "second_weights_MHH", "second_bias_MH", "last_weights_MH",
             "last_bias_M"), np.zeros(0)
        ),
    )  # fmt: skip
    inputs = torch.from_numpy(network.inputs(features_NF))
    wanted, weight = (torch.from_numpy(values.astype(np.float32)) for values in (target_N, weight_N))
    members = [_train(inputs, wanted, weight, seed=seed) for seed in range(MEMBERS)]

    def stacked(layer: int, name: str) -> np.ndarray:
        values = np.stack([getattr(member[layer], name).detach().numpy() for member in members])
        return values.swapaxes(1, 2) if name == "weight" else values

    return replace(
        network,
        first_weights_MIH=stacked(1, "weight"),
        first_bias_MH=stacked(1, "bias"),
        second_weights_MHH=stacked(4, "weight"),
        second_bias_MH=stacked(4, "bias"),
        last_weights_MH=stacked(7, "weight")[..., 0],
        last_bias_M=stacked(7, "bias")[:, 0],
    )


def _train(inputs: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor, *, seed: int) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    num_inputs, batch_size, rate = inputs.shape[1], 1024, 3e-3
    network = torch.nn.Sequential(
        torch.nn.Dropout(0.1), torch.nn.Linear(num_inputs, HIDDEN), torch.nn.GELU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.GELU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(HIDDEN, 1),
    )  # fmt: skip
    steps = EPOCHS * (len(inputs) // batch_size + 1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(0, len(inputs), (batch_size,))
        noisy = inputs[rows] + 0.1 * torch.randn(batch_size, num_inputs)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            network(noisy)[:, 0], wanted[rows], weight=weight[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def measure(network: MomentNetwork, parts: Sequence[Part]) -> list[tuple[str, float, float, bool, float]]:
    """Return source, error in seconds, frame rate, whether it is the striker, and the answer, of every true stroke."""
    rows = []
    for part in parts:
        answers = [smooth(network(person.close_GF), 0.04) for person in part.people]
        sparse = [smooth(network(person.sparse_GF), 0.04).max() for person in part.people]
        if not part.people:
            rows += [(part.video.source, np.inf, fps, False, 0.0) for _, fps in part.impacts]
            continue
        best = int(np.argmax(sparse))
        person, left = part.people[best], answers[best].copy()
        found: list[tuple[float, float]] = []
        while len(found) < 7 and (not found or left.max() >= 0.5 * found[0][1]):
            peak = int(left.argmax())
            found.append((float(person.times_s[peak]), float(left[peak])))
            left[np.abs(person.times_s - person.times_s[peak]) < 1.5] = -1.0
        for impact_s, fps in part.impacts:
            error_s = min(abs(time_s - impact_s) for time_s, _ in found)
            rows.append((part.video.source, error_s, fps, bool(person.impacts_s), found[0][1]))
        if not part.impacts:
            rows.append((f"{part.video.source} without", np.nan, 25.0, False, found[0][1]))
    return rows


def report(rows: list[tuple[str, float, float, bool, float]]) -> None:
    """Print how near the best instant is to the true impacts, by source, and how much is claimed."""
    for source in dict.fromkeys(row[0] for row in rows):
        some = [row for row in rows if row[0] == source]
        error_s, fps, right, answer = (np.array(column) for column in list(zip(*some, strict=True))[1:])
        print(
            f"{source:18s} strokes {len(some):4d}  within .5 s {np.mean(error_s <= 0.5):.3f}  5 frames "
            f"{np.mean(error_s * fps <= 5.01):.3f}  2 frames {np.mean(error_s * fps <= 2.01):.3f}  striker "
            f"{right.mean():.3f}  median answer {np.median(answer):.2f}"
        )


if __name__ == "__main__":
    calibrate(__doc__, name="moments", look=watch, fit=fit, measure=measure, report=report)
