"""Features of pictures as items: computed once a clip, cut to the window, kept over runs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.data.mined import IMPACT_FRAME, write_mined

from slowpaths.core.errors import SlowpathsError, TableError, UsageError
from slowpaths.data import frozen_features
from slowpaths.data.batch import NUM_PICTURE_FEATURES
from slowpaths.data.clip_dataset import BrokenClipError
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.video.picture_features import NUM_FEATURES

SMALL = {"num_frames": 8, "frame_stride": 2, "batch_size": 3, "num_workers": 0, "jitter_frames": 3}


@pytest.fixture
def seen(monkeypatch) -> list[int]:
    """Let a picture have its mean, and where it is darkest, for features; says how many were looked at."""
    calls: list[int] = []

    def features(pictures):
        calls.append(len(pictures))
        places = [np.argmin(one.sum(axis=(0, 2))) / one.shape[1] for one in pictures]
        return np.array([[one.mean(), place] for one, place in zip(pictures, places, strict=True)], dtype=np.float32)

    monkeypatch.setattr(frozen_features, "picture_features", features)
    return calls


def module(mined: Path, told=None, **options) -> ClipDataModule:
    settings = ClipSettings(**{**SMALL, **options})
    data = ClipDataModule(mined=mined, settings=settings, targets="none", input_kind="picture_features", told=told)
    data.setup()
    return data


@pytest.fixture
def mined(tmp_path) -> Path:
    return write_mined(tmp_path / "mined", num_matches=1, clips_a_match=2, size=32)


def test_pictures_are_looked_at_once_in_small_batches_and_no_clip_is_decoded_again(mined, seen, monkeypatch):
    first = list(module(mined).predict_dataloader().dataset)
    assert sum(seen) == 2 * 26 and max(seen) == frozen_features.BATCH
    monkeypatch.setattr(frozen_features, "read_frames", pytest.fail)
    again = list(module(mined).predict_dataloader().dataset)
    assert sum(seen) == 2 * 26
    assert all(np.array_equal(a.sequence_TD, b.sequence_TD) for a, b in zip(first, again, strict=True))
    assert not first[0].frames_CTHW.numel()


@pytest.mark.parametrize(("cache_mib", "num_reads"), [(0, 12), (1, 2), (150 / 2**20, 7)])
def test_files_are_read_once_where_their_numbers_fit_the_memory_given(mined, seen, monkeypatch, cache_mib, num_reads):
    data = module(mined, cache_mib=cache_mib).predict_dataloader().dataset
    reads, load = [], np.load
    monkeypatch.setattr(frozen_features.np, "load", lambda *given, **how: (reads.append(given), load(*given, **how))[1])
    first, again = list(data), list(data)
    assert len(reads) == num_reads  # two clips of 104 bytes, three views each, twice
    assert all(np.array_equal(a.sequence_TD, b.sequence_TD) for a, b in zip(first, again, strict=True))


def test_a_window_holds_every_second_frame_around_the_impact_and_moves(mined, seen):
    data = module(mined, num_test_views=3)
    stored_TF = np.load(data._records[0].picture_features)
    assert stored_TF.shape == (26, 2) and stored_TF.dtype == np.float16
    items = list(data.predict_dataloader().dataset)[:3]
    first = (IMPACT_FRAME - 10) // 2  # .8 of the 1.28 s lie before the impact: ten of sixteen frames
    for item, shift in zip(items, (-1, 0, 1), strict=True):  # views are two frames apart: one picture
        assert np.array_equal(item.sequence_TD, stored_TF[first + shift : first + shift + 8].astype(np.float32))


def test_the_window_follows_a_moved_impact_to_the_end_of_the_clip(mined, seen):
    as_mined, items = (module(mined, num_test_views=3).predict_dataloader().dataset for _ in range(2))
    items.records = [replace(items.records[0], impact_shift=2), *items.records[1:]]
    assert torch.equal(items[1].sequence_TD, as_mined[2].sequence_TD)  # views lie two frames apart
    items.records = [replace(items.records[0], impact_shift=99)]
    last_TF = items[1].sequence_TD
    assert torch.equal(last_TF[0], last_TF[-1])


def test_views_cut_left_and_right_are_refused(mined, seen):
    data = module(mined, num_test_views=30)
    with pytest.raises(UsageError, match="features of pictures know no place: give num_test_views=10"):
        data.predict_dataloader()
    assert len(module(mined, num_test_views=10).predict_dataloader().dataset) == 2 * 10


def test_every_shift_of_training_finds_its_pictures(mined, seen):
    data = module(mined)
    dataset = data._dataset(data._records, is_train=True, jitter_frames=6)
    shapes = {tuple(dataset[epoch * 2].sequence_TD.shape) for epoch in range(40)}
    assert shapes == {(8, 2)}


def test_one_frame_in_two_of_a_dense_window_is_shown(mined, seen):
    assert module(mined, num_frames=32, frame_stride=1).predict_dataloader().dataset[0].sequence_TD.shape == (16, 2)


def test_a_left_hander_is_turned_and_has_features_of_their_own(tmp_path, seen):
    right = write_mined(tmp_path / "right", num_matches=1, clips_a_match=1, size=32)
    left = write_mined(tmp_path / "left", num_matches=1, clips_a_match=1, size=32, left_handers=frozenset({0}))
    one, other = (module(folder).predict_dataloader().dataset[0].sequence_TD for folder in (right, left))
    assert one[:, 1].numpy() == pytest.approx(other[:, 1].numpy(), abs=0.1)  # the square lies where it lay
    record = module(right)._records[0]
    files = set()
    for share in (0.9, 0.1):
        record = replace(record, handedness_p=share)
        spec = MinedFolder(right).clip_spec()
        files.add(frozen_features._file(record, MinedFolder(right), spec=spec).name)
    assert len(files) == 2


def test_a_killed_extraction_goes_on_where_it_was_and_says_how_far_it_is(mined, seen, monkeypatch):
    said = []

    @contextmanager
    def told(title, total):
        said.append((title, total))
        yield lambda: said.append("step")

    whole = frozen_features.picture_features

    def dies(pictures):
        if sum(seen) >= 26:
            raise KeyboardInterrupt
        return whole(pictures)

    monkeypatch.setattr(frozen_features, "picture_features", dies)
    with pytest.raises(KeyboardInterrupt):
        module(mined, told)
    monkeypatch.setattr(frozen_features, "picture_features", whole)
    module(mined, told)
    assert sum(seen) == 2 * 26
    assert said == [("features of pictures", 2), "step", ("features of pictures", 1), "step"]
    assert not list((mined / "picture_features").glob(".*"))


def test_missing_and_broken_clips_and_files_are_named(mined, seen):
    data = module(mined)
    data._records[0].picture_features.write_bytes(b"no array")
    with pytest.raises(TableError, match="cannot be read: delete it"):
        data.predict_dataloader().dataset[0]
    clips = sorted((mined / "clips").iterdir())
    clips[0].write_bytes(b"no film")
    with pytest.raises(BrokenClipError, match=clips[0].name):
        module(mined)
    clips[1].unlink()
    with pytest.raises(SlowpathsError, match=f"{clips[1].name} is missing"):
        module(mined)


def test_the_width_is_that_of_the_extractor():
    assert NUM_PICTURE_FEATURES == NUM_FEATURES
