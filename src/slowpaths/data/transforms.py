"""What happens to the pixels of a clip between the file and the network.

Legend: T frames, C channels (RGB), H, W pixels. Everything is uint8; every random choice is made once a clip, so that
all frames share it. Strokes are relative to the batter, so which way the picture faces is part of the label: a
left-hander is turned into a right-hander at load, and nothing else flips.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

ClipTransform = Callable[..., Tensor]

# The Kinetics test protocol cuts 224 out of 256 px: a fourteenth of the crop is left over on either side.
_MARGIN = 1 / 14
# Width over height of what training cuts, smallest and largest.
_CROP_RATIO = (0.8, 1.25)
# Share of red, green and blue in brightness Y, and the scales of B - Y and R - Y in the colour plane, ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
_BLUE_SCALE, _RED_SCALE = 0.492, 0.877


def canonical(frames_THWC: np.ndarray, *, handedness_p: float) -> np.ndarray:
    """Return a clip as a right-hander would look: mirrored where the batter is more likely left-handed."""
    return frames_THWC[:, :, ::-1] if handedness_p < 0.5 else frames_THWC


def train_transform(
    *,
    crop_px: int = 224,
    crop_scale: tuple[float, float] = (0.6, 1.0),
    flip_p: float = 0.0,
    jitter: float = 0.4,
    hue: float = 0.0,
    grey_p: float = 0.0,
) -> ClipTransform:
    """Build the random transform of training, (T, C, H, W) to (C, T, crop_px, crop_px), drawn by torch's generator.

    The smallest crop keeps .6 of the area: clips are cut around the batter, and the [.2, .766] of Kinetics recipes
    would cut bat or feet off. A horizontal flip is meant to stay off outside an ablation: after every clip has been
    turned into a right-hander's, a flip keeps the name of the stroke but shows it as a left-hander plays it, and
    teaches the network to overlook where handedness went wrong. `jitter`, `hue` and `grey_p` are those of
    `jitter_colours`.
    """
    steps: list[torch.nn.Module] = [v2.RandomResizedCrop(crop_px, scale=crop_scale, ratio=_CROP_RATIO, antialias=True)]
    if flip_p > 0:
        steps.append(v2.RandomHorizontalFlip(flip_p))
    return _OverFrames(v2.Compose(steps), partial(jitter_colours, strength=jitter, hue=hue, grey_p=grey_p))


def jitter_colours(clip_CTHW: Tensor, *, strength: float, hue: float = 0.0, grey_p: float = 0.0) -> Tensor:
    """Change the colours of a whole clip alike.

    All changes are affine in the pixel, so one 3 x 3 matrix does them: an eighth of the time of `v2.ColorJitter`. That
    turns the hue in HSV, which is not affine; here it turns in the plane of U and V, which leaves brightness Y alone.

    Args:
        clip_CTHW: Clip, uint8.
        strength: Brightness, contrast and saturation are multiplied by 1 - strength .. 1 + strength.
        hue: Largest turn of the hue, share of a full turn, either way.
        grey_p: Probability that the clip loses its colours.
    """
    if not (strength or hue or grey_p):
        return clip_CTHW
    brightness, contrast, saturation = (1 + strength * (2 * torch.rand(3) - 1)).tolist()
    turn = hue * (2 * float(torch.rand(1)) - 1) if hue else 0.0
    if grey_p and float(torch.rand(1)) < grey_p:
        saturation = 0.0
    luma = torch.tensor(_LUMA)
    # A coarse grid is enough for the mean grey that contrast turns about.
    mean_grey = float(luma @ clip_CTHW[:, ::4, ::8, ::8].float().flatten(1).mean(1))
    matrix = brightness * contrast * (saturation * torch.eye(3) + (1 - saturation) * luma.expand(3, 3))
    if turn:
        matrix = _hue_turn(turn) @ matrix
    offset = brightness * (1 - contrast) * mean_grey
    pixels = (matrix @ clip_CTHW.flatten(1).float()).add_(offset).clamp_(0, 255)
    return pixels.to(torch.uint8).view_as(clip_CTHW)


def _hue_turn(turn: float) -> Tensor:
    """Return the matrix (3, 3) that turns the colour plane of an RGB pixel: Y stays, U = B - Y and V = R - Y turn."""
    luma, eye, angle = torch.tensor(_LUMA), torch.eye(3), 2 * math.pi * turn
    planes = torch.stack([luma, _BLUE_SCALE * (eye[2] - luma), _RED_SCALE * (eye[0] - luma)])
    turned = torch.eye(3)
    turned[1:, 1:] = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return torch.linalg.solve(planes, turned @ planes)


def eval_transform(*, crop_px: int = 224) -> ClipTransform:
    """Build the transform of testing, at the scale of the Kinetics test protocol.

    Its second argument is the place of the crop: -1 left, 0 centre, 1 right.
    """
    return _Cut(v2.Resize(crop_px + 2 * round(crop_px * _MARGIN), antialias=True), crop_px)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Resize a clip and cut a square out of it; loader workers can pickle it."""

    resize: v2.Transform
    crop_px: int

    def __call__(self, frames_TCHW: Tensor, place: int = 0) -> Tensor:
        clip_TCHW = self.resize(tv_tensors.Video(frames_TCHW)).as_subclass(torch.Tensor)
        top, left = ((size - self.crop_px) // 2 for size in clip_TCHW.shape[-2:])
        left *= 1 + place
        cut = clip_TCHW[..., top : top + self.crop_px, left : left + self.crop_px]
        return cut.transpose(0, 1).contiguous()


@dataclass(frozen=True, slots=True)
class _OverFrames:
    """Apply a geometric transform to a clip as a whole, then change its colours; loader workers can pickle it."""

    geometry: v2.Transform
    colours: Callable[[Tensor], Tensor]

    def __call__(self, frames_TCHW: Tensor) -> Tensor:
        clip_TCHW = self.geometry(tv_tensors.Video(frames_TCHW)).as_subclass(torch.Tensor)
        return self.colours(clip_TCHW.transpose(0, 1).contiguous())
