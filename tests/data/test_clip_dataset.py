from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.data.mined import write_mined

from slowpaths.core.errors import BrokenVideoError, UsageError
from slowpaths.data.batch import collate
from slowpaths.data.clip_dataset import ClipDataset
from slowpaths.data.clips import read_clips
from slowpaths.data.loader import process_options
from slowpaths.data.sampling import Window
from slowpaths.data.settings import ClipSettings
from slowpaths.data.transforms import eval_transform, train_transform
from slowpaths.store.mined_folder import MinedFolder


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mined")
    return write_mined(folder, num_matches=2, clips_a_match=2, left_handers=frozenset({3}))


def dataset(folder: Path, *, is_train: bool = False, num_views: int = 1, seed: int = 0, **options: Any) -> ClipDataset:
    transform = train_transform(crop_px=48) if is_train else eval_transform(crop_px=48)
    window = Window(num_frames=8, frame_stride=2, jitter_frames=3 if is_train else 0, num_views=num_views)
    return ClipDataset(
        read_clips(folder),
        spec=MinedFolder(folder).clip_spec(),
        window=window,
        transform=transform,
        is_train=is_train,
        settings=ClipSettings(num_workers=0, **options),
        seed=seed,
    )


def test_item_carries_clip_target_and_weight(mined: Path) -> None:
    items = dataset(mined)
    assert len(items) == 4
    item = items[1]
    assert item.frames_CTHW.shape == (3, 8, 48, 48)
    assert item.frames_CTHW.dtype == torch.uint8
    assert item.probs_C.sum().item() == pytest.approx(1)
    assert item.probs_C.argmax() == 1
    assert item.weight == pytest.approx(0.9)
    assert dataset(mined, weight_power=0.0)[1].weight == 1
    with pytest.raises(IndexError):
        items[4]


def test_thirty_views_show_ten_times_in_three_places(mined: Path) -> None:
    items = dataset(mined, num_views=30)
    assert len(items) == 120
    left, centre, right = (items[30 + view].frames_CTHW for view in (12, 13, 14))  # shift -1 of clip 1
    assert torch.equal(left[..., 6:], right[..., :-6]) and not torch.equal(left, right)  # 48 of 54 px
    assert torch.equal(centre[..., :-3], left[..., 3:])
    later = items[30 + 16].frames_CTHW
    assert not torch.equal(later, centre)


def test_views_of_a_clip_lie_beside_each_other(mined: Path) -> None:
    items = dataset(mined, num_views=3)
    assert len(items) == 12
    assert [(item.index, item.view) for item in (items[0], items[2], items[3], items[11])] == [
        (0, 0), (0, 2), (1, 0), (3, 2),
    ]  # fmt: skip
    centred = dataset(mined)[0].frames_CTHW
    assert torch.equal(items[1].frames_CTHW, centred)
    assert not torch.equal(items[0].frames_CTHW, centred)


def test_training_draws_depend_on_epoch_and_clip_only(mined: Path) -> None:
    items = dataset(mined, is_train=True)
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    first = items[2]
    assert torch.equal(torch.random.get_rng_state(), state)
    items[0], items[3]
    torch.manual_seed(99)
    assert torch.equal(items[2].frames_CTHW, first.frames_CTHW)
    again = items[2 + len(items)]
    assert again.index == first.index
    assert not torch.equal(again.frames_CTHW, first.frames_CTHW)


def test_left_hander_is_shown_as_the_right_hander_they_mirror(tmp_path: Path) -> None:
    # One stroke, shown by a right-hander and, mirrored, by a left-hander (same noise: the delivery has one seed).
    right = write_mined(tmp_path / "right", num_matches=1, clips_a_match=1)
    left = write_mined(tmp_path / "left", num_matches=1, clips_a_match=1, left_handers=frozenset({0}))
    one, other = (dataset(folder)[0].frames_CTHW.float() for folder in (right, left))
    raw = dataset(left)
    raw.records[0] = replace(raw.records[0], handedness_p=0.9)
    assert (one - other).abs().mean() < 3  # the two files were compressed apart
    assert (one - raw[0].frames_CTHW.float()).abs().mean() > 8


@pytest.mark.parametrize("cache_mib", [100, 1.3])  # all four clips, or two of them (52 x 64 x 64 x 3 bytes each)
def test_cache_changes_nothing_and_keeps_its_bound(
    mined: Path, cache_mib: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slowpaths.data.clip_dataset as module

    plain, cached = dataset(mined, is_train=True), dataset(mined, is_train=True, cache_mib=cache_mib)
    for index in range(8):
        assert torch.equal(plain[index].frames_CTHW, cached[index].frames_CTHW)
    opened: list[Path] = []
    open_video = module.open_video

    def count(path: Path, **options: object) -> object:
        opened.append(path)
        return open_video(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "open_video", count)
    for index in range(4):
        cached[index]
    assert len(opened) == (0 if cache_mib == 100 else 2)


def test_clips_are_decoded_at_the_asked_size(mined: Path) -> None:
    sizes: list[tuple[int, ...]] = []

    def spy(frames_TCHW: torch.Tensor) -> torch.Tensor:
        sizes.append(tuple(frames_TCHW.shape))
        return frames_TCHW.transpose(0, 1)

    for read_px in (None, 32, 999):
        items = dataset(mined, read_px=read_px)
        items.transform = spy
        items[0]
    assert sizes == [(8, 3, 64, 64), (8, 3, 32, 32), (8, 3, 64, 64)]


def test_a_lost_clip_is_named(mined: Path, tmp_path: Path) -> None:
    folder = write_mined(tmp_path, num_matches=1, clips_a_match=2)
    items = dataset(folder)
    (folder / "clips" / "v0-d001.mp4").write_bytes(b"")
    sentence = r"^the clip /.*v0-d001\.mp4 cannot be read \(.*\): mine the footage again, or restore the file$"
    with pytest.raises(BrokenVideoError, match=sentence):
        items[1]
    with pytest.raises(BrokenVideoError, match=sentence):
        list(torch.utils.data.DataLoader(items, collate_fn=collate, **process_options(1)))
    (folder / "clips" / "v0-d001.mp4").unlink()
    with pytest.raises(BrokenVideoError, match=r"v0-d001\.mp4 is missing"):
        read_clips(folder)


def test_window_that_does_not_fit_is_refused_at_once(mined: Path) -> None:
    with pytest.raises(UsageError, match="do not fit"):
        ClipDataset(
            read_clips(mined),
            spec=MinedFolder(mined).clip_spec(),
            window=Window(num_frames=64),
            transform=eval_transform(crop_px=48),
            is_train=False,
            settings=ClipSettings(),
        )


def test_frames_are_those_of_the_window(mined: Path) -> None:
    from tests.data.mined import stroke_frames

    items = dataset(mined)
    items.transform = lambda frames_TCHW: frames_TCHW.transpose(0, 1)
    expected = stroke_frames(2, seed=2)[Window(num_frames=8, frame_stride=2).frames(MinedFolder(mined).clip_spec())]
    shown = items[2].frames_CTHW.permute(1, 2, 3, 0).numpy()
    assert np.abs(shown.astype(int) - expected.astype(int)).mean() < 6


def test_dataset_can_be_sent_to_a_worker_that_is_started_anew(mined: Path) -> None:
    for is_train in (True, False):
        items = dataset(mined, is_train=is_train)
        assert torch.equal(pickle.loads(pickle.dumps(items))[1].frames_CTHW, items[1].frames_CTHW)


def test_the_window_follows_a_moved_impact_to_the_end_of_the_clip(mined: Path) -> None:
    items = dataset(mined, num_views=3)
    items.records = [replace(items.records[0], impact_shift=2), *items.records[1:]]
    as_mined = dataset(mined, num_views=3)
    assert torch.equal(items[1].frames_CTHW, as_mined[2].frames_CTHW)  # views lie two frames apart
    items.records = [replace(items.records[0], impact_shift=99)]
    last = items[1].frames_CTHW
    assert torch.equal(last[:, 0], last[:, -1])
