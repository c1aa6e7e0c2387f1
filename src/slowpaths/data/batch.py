"""The batch that goes from the loader to the network, and the two pathways cut from one clip.

A network says what it takes by an attribute `input_kind` of the class or function that builds it, an `InputKind`.

Legend: B batch, T frames, H, W pixels, F features, D channels of a sequence; C is the channels of a clip (CTHW),
elsewhere the 14 classes. Clips stay uint8 until they are on the device that trains: a quarter of the bytes through
worker pipes and over the bus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args

import torch
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import locate, target_of

InputKind = Literal["pathways", "clip", "skeleton", "picture_features"]
"""What a network takes: [slow, fast]; the clip, one tensor (B, 3, T, H, W); skeletons around the impact (B, 32, 30), as
`core.stroke_sequence` makes them; or features of every second picture of the window (B, T, 1280)."""
NUM_PICTURE_FEATURES = 1280
NO_FRAMES = torch.empty((3, 0, 0, 0), dtype=torch.uint8)
"""A clip of a network that takes no pixels."""
T = TypeVar("T")

# What the published Kinetics weights were trained with (pytorchvideo model zoo, one value for all three channels).
PIXEL_MEAN = 0.45
PIXEL_STD = 0.225


class ClipItem(NamedTuple):
    """Hold one clip as the dataset gives it."""

    frames_CTHW: Tensor  # clip (3, T, H, W), uint8
    probs_C: Tensor  # target distribution (14,), float32
    features_F: Tensor  # standardised features (F,), float32, NaN where unknown; empty where nobody asks for them
    weight: float  # weight of the clip in the loss
    index: int  # row of the clip in its dataset
    view: int  # number of the test view; 0 in training
    scene: int = 0  # number of its match and camera view; told in pretraining only, as is the ball
    ball: int = 0  # number of the ball it shows: a live ball and its replays have one
    sequence_TD: Tensor = torch.empty(0, 0)  # skeletons or picture features (T, D), float32; then there are no frames


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipBatch:
    """Hold a batch of clips, packed into the two pathways."""

    # slow pathway (B, 3, T / alpha, H, W), uint8, or float once normalised; without frames where nobody asks for it
    slow_BCTHW: Tensor
    fast_BCTHW: Tensor  # fast pathway (B, 3, T, H, W), likewise
    probs_BC: Tensor  # target distributions (B, 14), float32
    features_BF: Tensor  # standardised features (B, F), float32, NaN where unknown; F is 0 where nobody asks for them
    weights_B: Tensor  # weights of the clips in the loss (B,), float32
    index_B: Tensor  # rows of the clips in their dataset (B,), int64
    view_B: Tensor  # numbers of the test views (B,), int64
    scene_B: Tensor  # numbers of match and camera view (B,), int64; 0 where nobody asks for them
    ball_B: Tensor  # numbers of the balls (B,), int64; likewise
    # skeletons or picture features (B, T, D), float32; empty where the network takes pixels
    sequences_BTD: Tensor = field(default_factory=lambda: torch.empty(0, 0, 0))

    def __len__(self) -> int:
        return len(self.probs_BC)

    def to(self, device: torch.device | str, *, non_blocking: bool = True) -> ClipBatch:
        """Return the batch on another device (this is also how Lightning moves it)."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> ClipBatch:
        """Return the batch in page-locked memory (this is how a DataLoader pins it)."""
        return self._map(lambda tensor: tensor.pin_memory())

    def shown(self) -> Tensor | list[Tensor]:
        """Return what the network takes: the sequences, the clip, or [slow, fast]; pixels normalised, channels last."""
        if self.sequences_BTD.numel():
            return self.sequences_BTD
        slow, fast = (clip.contiguous(memory_format=torch.channels_last_3d) for clip in self.pathways())
        return [slow, fast] if slow.shape[2] else fast

    def pathways(self) -> list[Tensor]:
        """Return [slow, fast] as the network takes them: float, normalised."""
        return [normalise(self.slow_BCTHW), normalise(self.fast_BCTHW)]

    def _map(self, function: Callable[[Tensor], Tensor]) -> ClipBatch:
        return ClipBatch(**{field.name: function(getattr(self, field.name)) for field in fields(self)})


def takes(kind: InputKind) -> Callable[[T], T]:
    """Return a decorator that says what the network takes that a class or function builds."""

    def say(builder: T) -> T:
        cast(Any, builder).input_kind = kind
        return builder

    return say


def input_kind_of(network: Mapping[str, Any]) -> InputKind:
    """Return what a network takes, named by its `_target_`: [slow, fast] where it does not say.

    Raises:
        UsageError: If there is no such network, or it asks for what there is not.
    """
    target = target_of(network, key="model")
    kind = getattr(locate(target, key="model"), "input_kind", "pathways")
    if kind not in (kinds := get_args(InputKind)):
        raise UsageError(f"model._target_={target} has the input_kind {kind!r}: name one of {', '.join(kinds)}")
    return cast(InputKind, kind)


def normalise(clip: Tensor) -> Tensor:
    """Return a uint8 clip as float32 with the mean and spread of the Kinetics weights; a float clip as it is.

    Example:
        >>> [round(value, 4) for value in normalise(torch.tensor([0, 255], dtype=torch.uint8)).tolist()]
        [-2.0, 2.4444]
    """
    if clip.is_floating_point():
        return clip
    return (clip.float() / 255 - PIXEL_MEAN) / PIXEL_STD


def pack_pathways(fast_BCTHW: Tensor, *, alpha: int = 4) -> tuple[Tensor, Tensor]:
    """Cut the slow pathway (..., 3, T // alpha, H, W) from a clip (..., 3, T, H, W), and return both.

    The index rule, `linspace` over both ends and truncation, is the one the published Kinetics weights were trained
    with (pytorchvideo tutorial "torchhub_inference"); an even stride would give other frames.

    Example:
        >>> slow_indices(num_frames=32, alpha=4).tolist()
        [0, 4, 8, 13, 17, 22, 26, 31]
    """
    indices = slow_indices(num_frames=fast_BCTHW.shape[-3], alpha=alpha).to(fast_BCTHW.device)
    return fast_BCTHW.index_select(-3, indices), fast_BCTHW


def slow_indices(*, num_frames: int, alpha: int) -> Tensor:
    """Return the frames (num_frames // alpha,) of the slow pathway."""
    return torch.linspace(0, num_frames - 1, num_frames // alpha).long()


def collate(items: Sequence[ClipItem], *, alpha: int = 4, has_slow: bool = True) -> ClipBatch:
    """Stack clips of one size into a batch, with or without frames of a slow pathway."""
    slow_BCTHW, fast_BCTHW = pack_pathways(torch.stack([item.frames_CTHW for item in items]), alpha=alpha)
    return ClipBatch(
        slow_BCTHW=slow_BCTHW if has_slow else slow_BCTHW[:, :, :0],
        fast_BCTHW=fast_BCTHW,
        probs_BC=torch.stack([item.probs_C for item in items]),
        features_BF=torch.stack([item.features_F for item in items]),
        weights_B=torch.tensor([item.weight for item in items], dtype=torch.float32),
        index_B=torch.tensor([item.index for item in items]),
        view_B=torch.tensor([item.view for item in items]),
        scene_B=torch.tensor([item.scene for item in items]),
        ball_B=torch.tensor([item.ball for item in items]),
        sequences_BTD=torch.stack([item.sequence_TD for item in items]),
    )
