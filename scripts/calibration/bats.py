"""Calibrate the network that says where a bat points, and measure it on bats that were annotated by eye.

usage: python -m scripts.calibration.bats --shared ../shared [--out runs/calibration/bats]
           [--write src/slowpaths/mining/weights/bats.npz]

Nobody has told it where a bat of real footage points. It learns from bats that are drawn into pictures of people who
have none (`drawn_bats.py`), from the same pictures as they are, and from bats of batters near contact that a detector
of objects (COCO's baseball bat) is sure of; then once more from those batters of whom it has become sure itself. Clips
are split into halves by group: the table printed is learnt on one half and read on the other, both ways, from
`bats_by_eye.csv`: degrees clockwise from upwards, in frames about contact. Pictures are kept in OUT, so that it goes on
where it stopped.

Legend: N pictures, S = 160 pixels, D = 24 directions and none.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scripts.calibration.crossing import calibrate
from scripts.calibration.drawn_bats import MIDDLE, draw_bat, vary
from scripts.calibration.gold import GoldVideo

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.skeleton import INDEX
from slowpaths.mining.features.bat_features import LEAST_SURE
from slowpaths.mining.striker.bat import around_hands
from slowpaths.mining.striker.bat_network import NUM_DIRECTIONS, REACH, BatNetwork, pointing
from slowpaths.pose.backends.yolox import BASEBALL_BAT, YoloxDetector
from slowpaths.pose.boxes import box_iou
from slowpaths.pose.kinematics import body_scale
from slowpaths.pose.pose_weights import find_weights
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.video.open import open_video
from slowpaths.video.picture_features import MAP_SHAPES, MAP_SIDE_PX, picture_maps
from slowpaths.video.protocol import Decoder

BY_EYE = Path(__file__).with_name("bats_by_eye.csv")
BEFORE_S, AFTER_S, FPS = 0.32, 0.44, 25
OTHERS_FRAMES, OTHERS_IN_FRAME, LEAST_PX = 6, 6, 40
SEEN_BY_DETECTOR, BY_ITSELF = 0.3, 0.65  # how sure the detector, and the network itself, must be
DRAWN, BARE = 0.5, 0.12  # shares of the examples; the others are real bats
EXAMPLES, MORE_EXAMPLES = 9_000, 4_500  # in the first and, besides, in the second round
HIDDEN, WIDE, LAST = 48, 64, 32
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 10, 64, 2e-3, 1e-2
SHARPNESS = 6.0  # of the targets, as of a von Mises distribution: .4 radians
BATCH_OF_PICTURES = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hands:
    """Hold pictures around the hands of people in one video."""

    video: GoldVideo
    pictures_NSS3: np.ndarray
    frames_N: np.ndarray
    is_batter_N: np.ndarray  # near contact; the others hold no bat
    elbows_N2: np.ndarray  # as seen from the hands, pixels of the picture
    detected_N: np.ndarray  # where the detector sees the bat point, radians; NaN where it is not sure


def look_at(video: GoldVideo, *, pose: PoseEstimator, kept: Path) -> list[Hands]:
    """Cut the pictures of one real video, or read those an earlier call cut."""
    if video.source == "world":
        return []
    kept = kept.with_name(f"{kept.name}.npz")
    if not kept.is_file():
        try:
            with open_video(video.path) as decoder:
                rows = [*_batters(video, decoder, pose), *_others(video, decoder, pose)] if len(decoder) else []
        except BrokenVideoError:
            rows = []
        weights = find_weights("yolox_nano", weights_dir=video.path.parents[2] / "models")
        detector = YoloxDetector(weights, num_threads=1, score_min=SEEN_BY_DETECTOR, wanted=BASEBALL_BAT)
        pictures = [picture for picture, _, _, _ in rows]
        np.savez_compressed(
            kept,
            pictures=np.array(pictures, np.uint8).reshape(-1, MAP_SIDE_PX, MAP_SIDE_PX, 3),
            frames=np.array([frame for _, frame, _, _ in rows], int),
            batters=np.array([is_batter for _, _, is_batter, _ in rows], bool),
            elbows=np.array([elbow for _, _, _, elbow in rows]).reshape(-1, 2),
            detected=np.array([_detected(one, detector) if rows[n][2] else np.nan for n, one in enumerate(pictures)]),
        )
    with np.load(kept) as arrays:
        names = ("pictures", "frames", "batters", "elbows", "detected")
        pictures, frames, batters, elbows, detected = (arrays[name] for name in names)
    found = {"pictures_NSS3": pictures, "frames_N": frames, "is_batter_N": batters, "elbows_N2": elbows}
    return [Hands(video=video, detected_N=detected, **found)] if len(pictures) else []


Look = tuple[np.ndarray, int, bool, np.ndarray]  # picture, frame, whether of a batter, elbow


def _batters(video: GoldVideo, decoder: Decoder, pose: PoseEstimator) -> Iterator[Look]:
    """Yield the hands of batters about their contacts, in the box they have at contact."""
    pts_s = np.asarray(decoder.pts_s)
    for ball in video.balls:
        if ball.box is None:
            continue
        box_4 = np.array([ball.box.x1, ball.box.y1, ball.box.x2, ball.box.y2])
        times_s = ball.impact_s + np.arange(-round(BEFORE_S * FPS), round(AFTER_S * FPS) + 1) / FPS
        inside = (times_s >= pts_s[0]) & (times_s <= pts_s[-1])
        frames = np.unique([np.abs(pts_s - time_s).argmin() for time_s in times_s[inside]]).astype(int)
        if not len(frames):
            continue
        pictures_THWC = decoder.frames(frames)
        boxes = [box_4[None]] * len(frames)
        joints_TJC = np.concatenate(
            pose.keypoints(pictures_THWC, boxes, at=FramesAt(path=video.path, indices_T=frames))
        )
        scale_px = max(body_scale(joints_TJC), 0.15 * (box_4[3] - box_4[1]))
        for frame, frame_HWC, joints_JC in zip(frames, pictures_THWC, joints_TJC, strict=True):
            yield from _look(frame_HWC, joints_JC, ("left", "right"), scale_px, frame=frame, is_batter=True)


def _others(video: GoldVideo, decoder: Decoder, pose: PoseEstimator) -> Iterator[Look]:
    """Yield the hands of other people, each hand alone and both: of clips whose batters are known, or without any."""
    batters = [np.array([[ball.box.x1, ball.box.y1, ball.box.x2, ball.box.y2]]) for ball in video.balls if ball.box]
    if not batters and video.source != "negatives":
        return
    frames = np.arange(len(decoder))[:: max(1, len(decoder) // OTHERS_FRAMES)][:OTHERS_FRAMES]
    for frame in frames:
        at = FramesAt(path=video.path, indices_T=np.array([frame]))
        picture_1HWC = decoder.frames([frame])
        boxes_N4 = pose.detect(picture_1HWC, at=at)[0].boxes_N4[:OTHERS_IN_FRAME]
        boxes_N4 = boxes_N4[boxes_N4[:, 3] - boxes_N4[:, 1] > LEAST_PX]
        for box_4 in batters:
            boxes_N4 = boxes_N4[box_iou(boxes_N4, box_4)[:, 0] <= 0.1]
        if not len(boxes_N4):
            continue
        for joints_JC in pose.keypoints(picture_1HWC, [boxes_N4], at=at)[0]:
            for sides in (("left",), ("right",), ("left", "right")):
                scale_px = body_scale(joints_JC[None])
                yield from _look(picture_1HWC[0], joints_JC, sides, scale_px, frame=frame, is_batter=False)


def _look(
    frame_HWC: np.ndarray,
    joints_JC: np.ndarray,
    sides: tuple[str, ...],
    scale_px: float,
    *,
    frame: int,
    is_batter: bool,
) -> Iterator[Look]:
    """Yield the picture around one wrist or both, where they are found."""
    wrist_2, elbow_2 = (
        joints_JC[[INDEX[f"{side}_{name}"] for side in sides], :2].mean(axis=0) for name in ("wrist", "elbow")
    )
    if np.isfinite(wrist_2).all() and scale_px > 0:
        (picture,) = around_hands([frame_HWC], wrist_2[None], scale_px=scale_px)
        yield picture, int(frame), is_batter, (elbow_2 - wrist_2) * MIDDLE[0] / (REACH * scale_px)


def _detected(picture_SS3: np.ndarray, detector: YoloxDetector) -> float:
    """Return where a bat points whose box begins at the hands: along its diagonal, radians; NaN where none is seen."""
    boxes_N4, _ = detector(picture_SS3)
    if not len(boxes_N4):
        return float("nan")
    low_2, high_2 = boxes_N4[0, :2], boxes_N4[0, 2:]
    away_2, sides_2 = (low_2 + high_2) / 2 - MIDDLE, high_2 - low_2
    gap = np.hypot(*np.maximum(np.maximum(low_2 - MIDDLE, MIDDLE - high_2), 0))
    narrow = int(sides_2.argmin())
    sides_2[narrow] = max(sides_2[narrow] - 8, 0.0)  # a bat is as broad as that
    if gap >= MIDDLE[0] / 4 or sides_2.max() <= 18 or np.hypot(*away_2) <= 12:
        return float("nan")
    return float(np.arctan2(np.sign(away_2[0]) * sides_2[0], -np.sign(away_2[1]) * sides_2[1]))


class Convolutions(torch.nn.Module):
    """Answer as `BatNetwork` does, before the softmax, and learn."""

    def __init__(self) -> None:
        super().__init__()
        (fine, _, _), (coarse, height, width) = MAP_SHAPES
        self.fine = torch.nn.Conv2d(fine, HIDDEN, 3, stride=2, padding=1)
        self.coarse = torch.nn.Conv2d(coarse, HIDDEN, 1)
        self.both = torch.nn.Conv2d(2 * HIDDEN, WIDE, 3, padding=1)
        self.mixed = torch.nn.Conv2d(WIDE, LAST, 1)
        self.last = torch.nn.Linear(LAST * height * width, NUM_DIRECTIONS + 1)
        self.drop_channels, self.drop = torch.nn.Dropout2d(0.1), torch.nn.Dropout(0.3)

    def forward(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 25)."""
        hidden = torch.cat([self.fine(fine).relu(), self.coarse(coarse).relu()], dim=1)
        hidden = self.drop_channels(self.both(hidden).relu())
        return self.last(self.drop(self.mixed(hidden).relu().flatten(1)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Hold what a network learns from."""

    fine: torch.Tensor  # (N, 40, 20, 20), half precision
    coarse: torch.Tensor  # (N, 112, 10, 10)
    targets_ND: torch.Tensor


def fit(hands: Sequence[Hands]) -> BatNetwork:
    """Train on drawn bats and on those the detector is sure of; then on those it has become sure of itself, too."""
    random = np.random.default_rng(0)
    pictures, elbows = (np.concatenate(parts) for parts in zip(*[
        (one.pictures_NSS3[~one.is_batter_N], one.elbows_N2[~one.is_batter_N]) for one in hands
    ], strict=True))  # fmt: skip
    batters = np.concatenate([one.pictures_NSS3[one.is_batter_N] for one in hands])
    detected = np.concatenate([one.detected_N[one.is_batter_N] for one in hands])
    known = np.flatnonzero(np.isfinite(detected))
    first = _examples(random, pictures, elbows, batters[known], detected[known], num=EXAMPLES)
    network = _train(first)
    starts = range(0, len(batters), BATCH_OF_PICTURES)
    pointing_N2 = np.concatenate([pointing(network(batters[start : start + BATCH_OF_PICTURES])) for start in starts])
    own = np.flatnonzero(np.linalg.norm(pointing_N2, axis=1) > BY_ITSELF)
    angles = np.arctan2(pointing_N2[own, 0], pointing_N2[own, 1])
    print(f"real bats: {len(known)} by the detector, then {len(own)} of {len(batters)} by itself")
    return _train(first, _examples(random, pictures, elbows, batters[own], angles, num=MORE_EXAMPLES))


def _examples(
    random: np.random.Generator,
    pictures: np.ndarray,
    elbows: np.ndarray,
    batters: np.ndarray,
    angles: np.ndarray,
    *,
    num: int,
) -> Examples:
    """Draw examples: bats drawn into pictures without one, such pictures, and batters whose bat is known."""
    fine, coarse, targets, shown = [], [], [], []
    for number in range(num):
        kind, angle = random.random(), None
        if kind < DRAWN + BARE or not len(batters):
            chosen = random.integers(len(pictures))
            picture = pictures[chosen]
            if kind < DRAWN:
                picture, angle = draw_bat(picture, random, elbow_2=elbows[chosen])
        else:
            chosen = random.integers(len(batters))
            picture, angle = batters[chosen], float(angles[chosen])
        picture, angle = vary(picture, angle, random)
        shown.append(picture)
        targets.append(_target(angle))
        if len(shown) == BATCH_OF_PICTURES or number == num - 1:
            maps = [torch.from_numpy(one).half() for one in picture_maps(shown)]
            fine.append(maps[0])
            coarse.append(maps[1])
            shown = []
    return Examples(fine=torch.cat(fine), coarse=torch.cat(coarse), targets_ND=torch.from_numpy(np.stack(targets)))


def _target(angle: float | None) -> np.ndarray:
    """Return how probable each direction is to be (25,), the last for no bat."""
    target_D = np.zeros(NUM_DIRECTIONS + 1, np.float32)
    if angle is None:
        target_D[-1] = 1.0
        return target_D
    apart = angle - 2 * np.pi * np.arange(NUM_DIRECTIONS) / NUM_DIRECTIONS
    weights = np.exp(SHARPNESS * (np.cos(apart) - 1))
    target_D[:-1] = weights / weights.sum()
    return target_D


def _train(*parts: Examples) -> BatNetwork:
    fine, coarse, targets_ND = (
        torch.cat([getattr(part, name) for part in parts]) for name in ("fine", "coarse", "targets_ND")
    )
    torch.manual_seed(0)
    network = Convolutions().train()
    num_batches = -(-len(targets_ND) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=EPOCHS * num_batches)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(targets_ND)).split(BATCH):
            logs = torch.log_softmax(network(fine[rows].float(), coarse[rows].float()), dim=1)
            loss = -(targets_ND[rows] * logs).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    arrays = {name: tensor.numpy().astype(np.float16) for name, tensor in network.state_dict().items()}
    return BatNetwork(
        fine_weights_UFKK=arrays["fine.weight"], fine_bias_U=arrays["fine.bias"],
        coarse_weights_UG=arrays["coarse.weight"][..., 0, 0], coarse_bias_U=arrays["coarse.bias"],
        both_weights_WVKK=arrays["both.weight"], both_bias_W=arrays["both.bias"],
        mixed_weights_RW=arrays["mixed.weight"][..., 0, 0], mixed_bias_R=arrays["mixed.bias"],
        last_weights_DP=arrays["last.weight"], last_bias_D=arrays["last.bias"],
    )  # fmt: skip


def measure(network: BatNetwork, hands: Sequence[Hands]) -> list[tuple[str, float, float, float]]:
    """Return source, degrees by eye, degrees off, and how sure the network was, of every annotated bat."""
    by_eye: dict[str, list[tuple[int, float]]] = {}
    with BY_EYE.open(newline="") as file:
        for row in csv.DictReader(file):
            by_eye.setdefault(row["key"], []).append((int(row["frame"]), float(row["degrees"])))
    rows = []
    for one in hands:
        for frame, degrees in by_eye.get(one.video.key, []):
            found = np.flatnonzero(one.is_batter_N & (one.frames_N == frame))
            if len(found):
                ((right, up),) = pointing(network(one.pictures_NSS3[found[:1]]))
                off = abs((np.degrees(np.arctan2(right, up)) - degrees + 180) % 360 - 180)
                rows.append((one.video.source, degrees, off, float(np.hypot(right, up))))
    return rows


def report(rows: list[tuple[str, float, float, float]]) -> None:
    """Print how far off the network is, and how far off it is to say that every bat hangs down."""
    degrees, off, sure = (np.array([row[column] for row in rows]) for column in (1, 2, 3))
    down = np.abs((180 - degrees + 180) % 360 - 180)
    asked: list[tuple[str, Callable[[], np.ndarray]]] = [
        ("all", lambda: np.ones(len(off), bool)),
        (f"sure ({LEAST_SURE:g} and more)", lambda: sure >= LEAST_SURE),
        ("more than 40 degrees from down", lambda: down > 40),
        ("sure, more than 40 from down", lambda: (down > 40) & (sure >= LEAST_SURE)),
    ]
    for name, which in asked:
        some = which()
        answers = [f"{np.median(errors[some]):3.0f} degrees off, {(errors[some] < 45).mean():.3f} within 45"
                   for errors in (off, down)]  # fmt: skip
        print(f"{name:32s} {some.sum():4d}  {answers[0]} (were all said to hang down: {answers[1]})")


if __name__ == "__main__":
    calibrate(__doc__, name="bats", seen="hands", look=look_at, fit=fit, measure=measure, report=report)
