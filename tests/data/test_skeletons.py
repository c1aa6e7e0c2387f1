"""Skeletons as items: no clip is opened, nobody is learnt from who is not seen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.data.mined import pose_track, write_mined

from slowpaths.core.errors import UsageError
from slowpaths.core.stroke_sequence import CHANNELS, STEPS, resampled, sequence_of
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.store.mined_folder import MinedFolder

SMALL = {"num_frames": 8, "frame_stride": 2, "batch_size": 3, "num_workers": 0, "fractions": (2, 1, 1)}


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four matches of three deliveries; the second one is not tracked, and there is no clip left."""
    everybody = set(range(12))
    folder = write_mined(
        tmp_path_factory.mktemp("mined"), num_matches=4, clips_a_match=3, size=16, posed=everybody - {1}
    )
    for clip in (folder / "clips").iterdir():
        clip.unlink()
    (folder / "dataset.json").unlink()
    return folder


def module(mined: Path, **options) -> ClipDataModule:
    data = ClipDataModule(mined=mined, settings=ClipSettings(**{**SMALL, **options}), input_kind="skeleton")
    data.setup()
    return data


def test_every_delivery_comes_as_a_sequence_in_one_view_without_a_clip(mined, caplog):
    data = module(mined, num_test_views=3)
    assert "1 of 12 deliveries do not show the batter" in caplog.text
    items = list(data.predict_dataloader().dataset)
    assert [(item.index, item.view) for item in items] == [(row, 0) for row in range(12)]
    assert all(item.sequence_TD.shape == (STEPS, CHANNELS) and not item.frames_CTHW.numel() for item in items)
    delivery = MinedFolder(mined).deliveries()[0]
    track = pose_track(0, video_id="v0", shot_id=delivery.shot_id, impact_s=delivery.impact_s)
    sequence = sequence_of(delivery, [track])
    assert items[0].sequence_TD.numpy() == pytest.approx(resampled(sequence), abs=1e-6)
    assert not items[1].sequence_TD.any() and items[2].sequence_TD.any()
    batch = next(iter(data.predict_dataloader()))
    assert batch.shown() is batch.sequences_BTD and batch.sequences_BTD.dtype == torch.float32


def test_who_is_not_seen_is_not_learnt_from_and_training_varies_by_epoch_only(mined):
    data = module(mined)
    learnt = [record.clip.delivery_id for part in ("train", "val", "test") for record in data.records(part)]
    assert len(learnt) == 11 and "v0-d001" not in learnt
    dataset = data.train_dataloader().dataset
    first, again, other = dataset[0], dataset[0], dataset[len(dataset)]
    assert torch.equal(first.sequence_TD, again.sequence_TD)
    assert not torch.equal(first.sequence_TD, other.sequence_TD)


def test_what_is_shown_is_the_kind_alone(mined):
    assert module(mined).shown() == {"input_kind": "skeleton"}


def test_a_folder_without_poses_is_one_sentence(tmp_path):
    folder = write_mined(tmp_path, num_matches=1, clips_a_match=1, size=16)
    for poses in ("empty", "missing"):
        if poses == "missing":
            (folder / "poses.parquet").unlink()
        data = ClipDataModule(mined=folder, targets="none", input_kind="skeleton")
        with pytest.raises(UsageError, match="holds no poses of the batters, which this network takes: mine"):
            data.setup()
