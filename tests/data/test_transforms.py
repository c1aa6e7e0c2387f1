from __future__ import annotations

import numpy as np
import pytest
import torch

from slowpaths.data.transforms import canonical, eval_transform, jitter_colours, train_transform


def still(size: int = 64, num_frames: int = 4) -> torch.Tensor:
    """Return one random picture, repeated over time."""
    picture = torch.randint(0, 256, (1, 3, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return picture.expand(num_frames, -1, -1, -1).contiguous()


def test_all_frames_of_a_clip_are_changed_alike() -> None:
    clip = train_transform(crop_px=32)(still())
    assert clip.shape == (3, 4, 32, 32)
    assert clip.dtype == torch.uint8
    assert (clip == clip[:, :1]).all()


def test_clips_are_changed_differently_and_repeatably() -> None:
    transform = train_transform(crop_px=32)
    torch.manual_seed(5)
    one, other = transform(still()), transform(still())
    torch.manual_seed(5)
    assert (transform(still()) == one).all()
    assert (one != other).any()


def test_nothing_flips_unless_asked() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).expand(2, 3, 64, 64).contiguous()
    rising = [bool(train_transform(crop_px=32)(ramp).float().diff(dim=-1).mean() > 0) for _ in range(20)]
    assert all(rising)
    assert bool(train_transform(crop_px=32, flip_p=1.0)(ramp).float().diff(dim=-1).mean() < 0)


@pytest.mark.parametrize(("size", "crop_px"), [(64, 32), (256, 224), (128, 96)])
def test_evaluation_shows_the_centre(size: int, crop_px: int) -> None:
    frames = torch.zeros(2, 3, size, size, dtype=torch.uint8)
    frames[:, :, size // 2 - size // 8 : size // 2 + size // 8, size // 2 - size // 8 : size // 2 + size // 8] = 200
    clip = eval_transform(crop_px=crop_px)(frames)
    assert clip.shape == (3, 2, crop_px, crop_px)
    assert clip[0, 0, crop_px // 2, crop_px // 2] == 200
    assert clip[0, 0, 0, 0] == 0
    assert torch.equal(clip, clip.flip(-1))


def test_places_are_the_left_the_centre_and_the_right_of_the_picture() -> None:
    ramp = torch.arange(128, dtype=torch.uint8).expand(2, 3, 128, 128).contiguous()
    cut = eval_transform(crop_px=112)  # of 128 px: nothing is resized
    shown = [cut(ramp, place)[0, 0, 0] for place in (-1, 0, 1)]
    assert [(int(row[0]), int(row[-1])) for row in shown] == [(0, 111), (8, 119), (16, 127)]


def test_only_a_left_hander_is_mirrored() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    for handedness_p in (0.9, 0.5, float("nan")):
        assert (canonical(frames, handedness_p=handedness_p) == frames).all()
    assert (canonical(frames, handedness_p=0.49) == frames[:, :, ::-1]).all()


def test_colour_jitter_is_brightness_contrast_and_saturation(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = still(16).transpose(0, 1)
    draws = torch.tensor([0.75, 0.25, 0.9])
    monkeypatch.setattr(torch, "rand", lambda _: draws)
    changed = jitter_colours(clip, strength=0.4)
    # Step by step, as the three are defined: scale, turn about the mean grey, turn about each pixel's grey.
    brightness, contrast, saturation = (1 + 0.4 * (2 * draws - 1)).tolist()
    luma = torch.tensor([0.299, 0.587, 0.114])[:, None, None, None]
    bright = clip.float() * brightness
    grey_mean = (luma * bright[:, ::4, ::8, ::8]).sum(0).mean()
    contrasted = contrast * bright + (1 - contrast) * grey_mean
    expected = saturation * contrasted + (1 - saturation) * (luma * contrasted).sum(0)
    assert (changed.float() - expected.clamp(0, 255)).abs().max() <= 1
    assert jitter_colours(clip, strength=0) is clip


def picture(*pixels: tuple[int, int, int], num_frames: int = 3) -> torch.Tensor:
    """Return a clip (3, T, 1, W) of these pixels."""
    return torch.tensor(pixels, dtype=torch.uint8).T[:, None, None].expand(-1, num_frames, -1, -1).contiguous()


@pytest.mark.parametrize("draw", [0.0, 0.25, 0.5, 0.8])
def test_hue_turns_and_leaves_brightness_and_greys_alone(monkeypatch: pytest.MonkeyPatch, draw: float) -> None:
    monkeypatch.setattr(torch, "rand", lambda count: torch.full((count,), draw))
    clip = picture((120, 120, 120), (140, 110, 100), (100, 130, 120))
    changed = jitter_colours(clip, strength=0.0, hue=0.5).float()
    luma = torch.tensor([0.299, 0.587, 0.114])
    before, after = (torch.einsum("c,ctw->tw", luma, c[:, :, 0]) for c in (clip.float(), changed))
    assert (before - after).abs().max() <= 1.1  # pixels are whole numbers
    assert (changed[:, :, :, 0] - 120).abs().max() <= 1
    # Angle and length of a colour in the plane of .492 (B - Y) and .877 (R - Y).
    old, new = (
        torch.complex(0.492 * (c[2, 0, 0, 1:] - y[0, 1:]), 0.877 * (c[0, 0, 0, 1:] - y[0, 1:]))
        for c, y in ((clip.float(), before), (changed, after))
    )
    wanted = old * torch.exp(2j * torch.pi * torch.tensor(0.5 * (2 * draw - 1)))
    assert (new - wanted).abs().max() < 1.5


def test_a_clip_loses_its_colours_as_often_as_asked_and_all_its_frames_alike() -> None:
    clip = picture((200, 40, 90), (10, 120, 30))
    torch.manual_seed(0)
    changed = [jitter_colours(clip, strength=0.1, hue=0.1, grey_p=0.3) for _ in range(200)]
    assert all((one == one[:, :1]).all() for one in changed)
    is_grey = [bool((one.float() - one[:1].float()).abs().max() <= 1) for one in changed]
    assert 0.2 < sum(is_grey) / 200 < 0.4
    grey = jitter_colours(clip, strength=0.0, grey_p=1.0)
    assert grey[:, 0, 0].float().T.flatten().tolist() == pytest.approx([93.5] * 3 + [76.9] * 3, abs=1)


def test_without_hue_and_grey_the_same_is_drawn_as_ever() -> None:
    clip = still(16).transpose(0, 1)
    torch.manual_seed(4)
    one, then = jitter_colours(clip, strength=0.4), torch.rand(1)
    torch.manual_seed(4)
    torch.rand(3)
    assert torch.rand(1) == then
    torch.manual_seed(4)
    assert torch.equal(jitter_colours(clip, strength=0.4, hue=0.0, grey_p=0.0), one)
