from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.fabric.utilities.data import _set_sampler_epoch
from tests.data.mined import write_mined

from slowpaths.core.errors import UsageError
from slowpaths.core.threads import available_threads
from slowpaths.data.batch import ClipBatch
from slowpaths.data.loader import process_options
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings, Targets
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import read_labels, write_labels

SMALL = {"num_frames": 8, "frame_stride": 2, "crop_px": 48, "batch_size": 3, "num_workers": 0, "fractions": (2, 1, 1)}


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mined(tmp_path_factory.mktemp("mined"), num_matches=4, clips_a_match=3, dropped=frozenset({0, 5}))


def module(mined: Path, *, targets: Targets = "labels", fps: float | None = None, **options: Any) -> ClipDataModule:
    data = ClipDataModule(mined=mined, settings=ClipSettings(**{**SMALL, **options}), targets=targets, fps=fps)
    data.setup("fit")
    return data


def batches(loader: object, *, epoch: int = 0) -> list[ClipBatch]:
    _set_sampler_epoch(loader, epoch)
    return list(loader)  # type: ignore[call-overload]


def test_any_number_of_workers_gives_the_same_batches(mined: Path) -> None:
    here, there = (module(mined, num_workers=count, cache_mib=10).train_dataloader() for count in (0, 2))
    for epoch in (0, 3):
        pairs = list(zip(batches(here, epoch=epoch), batches(there, epoch=epoch), strict=True))
        assert pairs
        for one, other in pairs:
            assert torch.equal(one.index_B, other.index_B)
            assert torch.equal(one.fast_BCTHW, other.fast_BCTHW)


def test_parts_share_no_match_and_training_sees_only_kept_clips(mined: Path) -> None:
    data = module(mined)
    parts = {part: {r.clip.match_id for r in data.records(part)} for part in ("train", "val", "test")}
    assert sum(len(found) for found in parts.values()) == 4
    assert not {"v0-d000", "v1-d002"} & {r.clip.delivery_id for p in parts for r in data.records(p)}
    assert sum(len(data.records(part)) for part in parts) == 10
    assert len(data.split.parts) == 12


def test_prediction_shows_every_clip_in_every_view(mined: Path) -> None:
    data = module(mined)
    shown = [
        pair for b in data.predict_dataloader() for pair in zip(b.index_B.tolist(), b.view_B.tolist(), strict=True)
    ]
    assert shown == [(row, view) for row in range(12) for view in range(3)]
    assert len(data.clips()) == 12


def test_validation_shows_one_view(mined: Path) -> None:
    assert {int(view) for batch in module(mined).val_dataloader() for view in batch.view_B} == {0}


def test_prior_is_the_mean_target_of_training(mined: Path) -> None:
    prior = module(mined).class_prior()
    assert sum(prior) == pytest.approx(1)
    assert min(prior[:4]) > max(prior[4:])


def test_lineage_tells_labels_and_splits_apart(mined: Path) -> None:
    one, same, other = module(mined), module(mined), module(mined, fractions=(1, 0, 1))
    assert one.lineage() == same.lineage()
    assert one.lineage()["split"] != other.lineage()["split"]
    assert one.lineage()["labels"] == other.lineage()["labels"]


def test_another_label_set_is_judged_on_the_same_matches(mined: Path, tmp_path: Path) -> None:
    # By these labels alone m0 would validate and m1 teach: parts are dealt so that each has clips that are kept.
    other = [
        replace(clip, probs=np.roll(clip.probs, 5), is_kept=clip.match_id in ("m0", "m2"))
        for clip in MinedFolder(mined).labels()
    ]
    write_labels(tmp_path / "other.parquet", other)
    own, moved = (
        module(mined),
        ClipDataModule(mined=mined, settings=ClipSettings(**SMALL), labels=tmp_path / "other.parquet"),
    )
    moved.setup()
    assert moved.split == own.split
    assert [c.probs.tolist() for c in moved.clips()] == [c.probs.tolist() for c in other]
    assert moved.lineage()["labels"] != own.lineage()["labels"]
    groups = moved.cross_fit_groups(4)
    learnt = sorted(record.clip.delivery_id for record in moved.records("train"))
    assert sorted(name for group in groups for name in group) == learnt


def test_what_is_shown_can_be_asked_for_again_and_the_rate_is_checked(mined: Path) -> None:
    shown = module(mined, read_px=56).shown()
    assert shown == {"fps": 25, "num_frames": 8, "frame_stride": 2, "alpha": 4, "crop_px": 48, "read_px": 56}
    assert module(mined, **shown).shown() == shown
    with pytest.raises(UsageError, match="trained on clips at 50 fps"):
        module(mined, fps=50)


class Threads(torch.utils.data.Dataset):
    """Say how many threads the process that loads may use."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        return available_threads()


def test_a_loader_worker_takes_one_core(mined: Path) -> None:
    loader = module(mined, num_workers=1).predict_dataloader()
    shown = torch.utils.data.DataLoader(Threads(), **process_options(1))
    assert loader.worker_init_fn is shown.worker_init_fn
    before = available_threads()
    assert [int(count) for count in shown] == [1, 1]
    assert available_threads() == before


def test_folds_test_every_match_once(mined: Path) -> None:
    tested = [{r.clip.match_id for r in module(mined, num_folds=4, fold=fold).records("test")} for fold in range(4)]
    assert sorted(match for found in tested for match in found) == ["m0", "m1", "m2", "m3"]


def test_empty_parts_and_empty_folders_are_said(mined: Path, tmp_path: Path) -> None:
    data = module(mined, fractions=(1, 0, 1))
    assert data.val_dataloader() == []
    with pytest.raises(UsageError, match="holds no deliveries"):
        module(write_mined(tmp_path / "empty", num_matches=0))
    unkept = write_mined(tmp_path / "unkept", num_matches=3, clips_a_match=1, dropped=frozenset(range(3)), size=32)
    with pytest.raises(UsageError, match=r"no clip .* is kept"):
        module(unkept).train_dataloader()


def test_fewer_training_clips_are_a_part_of_more(mined: Path) -> None:
    def learnt(number: int | None) -> set[str]:
        dataset = module(mined, max_train_clips=number).train_dataloader().dataset
        return {record.clip.delivery_id for record in dataset.records}  # type: ignore[attr-defined]

    sets = [learnt(number) for number in (2, 3, None)]
    assert sets[0] < sets[1] < sets[2]
    assert [len(found) for found in sets[:2]] == [2, 3]


def test_a_clip_that_is_dropped_does_not_deal_the_others_anew(tmp_path: Path) -> None:
    def learnt(*dropped: int) -> set[str]:
        folder = write_mined(
            tmp_path / str(dropped), num_matches=3, clips_a_match=10, dropped=frozenset(dropped), size=32
        )
        data = module(folder, fractions=(1, 0, 0), max_train_clips=15)
        return {record.clip.delivery_id for record in data.training_records()}

    before, after = learnt(), learnt(0)
    assert len(before) == len(after) == 15 and len(before & after) >= 14


def test_a_last_batch_of_one_is_dropped(mined: Path) -> None:
    data = module(mined, fractions=(1, 0, 0))
    assert [len(batch) for batch in data.train_dataloader()] == [3, 3, 3]  # 10 kept clips


def test_footage_without_labels_can_be_predicted(tmp_path: Path) -> None:
    folder = write_mined(tmp_path, num_matches=1, clips_a_match=2, size=32)
    (folder / "labels.parquet").unlink()
    data = module(folder, targets="none")
    assert len(list(data.predict_dataloader())) == 2
    assert data.split.parts == {}


def test_features_are_learnt_from_every_clip_and_without_labels(tmp_path: Path) -> None:
    folder = write_mined(tmp_path, num_matches=4, clips_a_match=3, num_strokes=12, dropped=frozenset({0, 5}), size=32)
    labelled = module(folder)
    data = module(folder, targets="features")
    assert data.feature_names == ("hand_height", "hand_reach", "runs_after")  # the fourth never differs
    assert sum(len(data.records(part)) for part in ("train", "val", "test")) == 12
    for shown in data.val_dataloader():
        assert shown.features_BF.shape == (len(shown), 3)
        assert shown.features_BF[:, :2].isfinite().all()
    assert data.lineage().keys() == {"features", "split"}
    assert next(iter(labelled.train_dataloader())).features_BF.shape == (3, 0)
    assert {clip.confidence for clip in data.clips()} == {1 / 14}
    assert data.split == labelled.split  # what is pretrained has not seen the matches that training tests on
    (folder / "labels.parquet").unlink()
    assert module(folder, targets="features").lineage().keys() == {"features", "split"}


def test_gold_alone_is_learnt_and_every_clip_is_predicted(tmp_path: Path) -> None:
    folder = write_mined(tmp_path, num_matches=4, clips_a_match=3, size=16)
    with pytest.raises(UsageError, match=r"no person labelled a training clip of .*: give gold= to `slowpaths label`"):
        module(folder, gold_only=True).train_dataloader()
    path = MinedFolder(folder).file(LABELS)
    gold = {"v0-d001", "v1-d001", "v2-d001", "v3-d001"}
    rows = [replace(clip, source="gold" if clip.delivery_id in gold else "weak") for clip in read_labels(path)]
    write_labels(path, rows)
    everybody, people = module(folder), module(folder, gold_only=True)
    assert people.split == everybody.split  # so that both are judged on the same clips
    learnt = {record.clip.delivery_id for record in people.records("train")}
    assert learnt == gold & set(everybody.split.deliveries("train"))
    assert len(people.records("val")) == 1 and len(people.records("test")) == len(everybody.records("test"))
    assert len(people.predict_dataloader().dataset) == len(everybody.predict_dataloader().dataset)
