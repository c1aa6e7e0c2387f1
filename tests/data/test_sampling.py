from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slowpaths.core.errors import UsageError
from slowpaths.data.sampling import EpochSampler, Window
from slowpaths.store.mined_folder import ClipSpec

SPEC = ClipSpec(fps=25, num_frames=52, size=256, impact_frame=30)


def test_window_is_the_stroke_around_impact() -> None:
    # 1.28 s at 25 fps: impact -.80 s is 20 frames before frame 30, +.48 s is 12 after.
    assert Window(num_frames=32).frames(SPEC).tolist() == list(range(10, 42))
    assert Window(num_frames=16, frame_stride=2).frames(SPEC).tolist() == list(range(10, 42, 2))
    assert Window(num_frames=32).frames(SPEC, shift=-2).tolist() == list(range(8, 40))


@pytest.mark.parametrize(("num_views", "shifts"), [(1, (0,)), (3, (-2, 0, 2)), (5, (-4, -2, 0, 2, 4)), (2, (-1, 1))])
def test_views_lie_evenly_around_impact(num_views: int, shifts: tuple[int, ...]) -> None:
    assert Window(num_views=num_views).view_shifts() == shifts


def test_thirty_views_are_ten_shifts_in_three_places() -> None:
    window = Window(num_views=30)
    views = window.views()
    assert len(set(views)) == 30
    assert views[:4] == ((-9, -1), (-9, 0), (-9, 1), (-7, -1))
    window.check(SPEC)
    assert Window(num_views=5).views() == tuple((shift, 0) for shift in (-4, -2, 0, 2, 4))


def test_every_shift_is_drawn_and_none_beyond() -> None:
    rng = np.random.default_rng(0)
    drawn = [Window(jitter_frames=3).train_shift(rng) for _ in range(700)]
    counts = np.bincount(np.array(drawn) + 3, minlength=7)
    assert counts.shape == (7,)
    assert counts.min() > 60
    assert {Window().train_shift(rng) for _ in range(9)} == {0}


@pytest.mark.parametrize(
    "window",
    [Window(num_frames=64), Window(jitter_frames=11), Window(frame_stride=2), Window(num_views=13)],
)
def test_window_outside_the_file_is_refused(window: Window) -> None:
    with pytest.raises(UsageError, match="do not fit into clips of 52 frames"):
        window.check(SPEC)


def test_window_up_to_the_margin_is_taken() -> None:
    Window(jitter_frames=10, num_views=11).check(SPEC)


@given(num_clips=st.integers(1, 40), num_replicas=st.integers(1, 4), epoch=st.integers(0, 3))
def test_each_epoch_shows_every_clip(num_clips: int, num_replicas: int, epoch: int) -> None:
    shown: list[int] = []
    for rank in range(num_replicas):
        sampler = EpochSampler(num_clips, seed=7, num_replicas=num_replicas, rank=rank)
        sampler.set_epoch(epoch)
        indices = list(sampler)
        assert len(indices) == len(sampler)
        shown += indices
    assert {index // num_clips for index in shown} == {epoch}
    assert {index % num_clips for index in shown} == set(range(num_clips))
    assert len(shown) - num_clips < num_replicas


def test_order_changes_with_the_epoch_and_comes_back() -> None:
    sampler = EpochSampler(20, seed=1)
    first = list(sampler)
    sampler.set_epoch(1)
    assert [index - 20 for index in sampler] != first
    sampler.set_epoch(0)
    assert list(sampler) == first
