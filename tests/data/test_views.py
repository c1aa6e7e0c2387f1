from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.data.mined import write_mined, write_voices

from slowpaths.core.errors import UsageError
from slowpaths.data.settings import ClipSettings
from slowpaths.data.view_settings import ViewSettings
from slowpaths.data.views import ViewDataModule, ViewSampler
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS

SCENES, BALLS = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 1, 2, 3, 4, 5])  # clips 1 and 2 show one ball


def sampler(**options: Any) -> ViewSampler:
    settings = ViewSettings(**{name: options.pop(name) for name in ("replay_p", "is_grouped") if name in options})
    return ViewSampler(SCENES, BALLS, **{"batch_size": 4, "settings": settings, **options})


def test_every_clip_comes_once_an_epoch_in_two_views_drawn_anew() -> None:
    found = sampler(replay_p=0.0)
    found.sampler.set_epoch(3)
    seen = [index for batch in found for index in batch]
    assert sorted(index - 6 * 7 for index in seen) == list(range(14))
    for batch in found:
        first, second = np.split(np.array(batch), 2)
        assert (second - first == 7).all()
    assert list(found) == list(found)
    orders = [[index % 7 for batch in sampler(epoch=epoch) for index in batch] for epoch in range(4)]
    assert len({tuple(order) for order in orders}) > 1


def test_batches_are_of_one_scene_where_it_fills_them() -> None:
    mixed = [
        len(set(SCENES[[i % 7 for i in b]].tolist())) for e in range(9) for b in sampler(is_grouped=False, epoch=e)
    ]
    alone = [len(set(SCENES[[i % 7 for i in b]].tolist())) for e in range(9) for b in sampler(epoch=e)]
    assert sum(mixed) > sum(alone)


def test_a_replay_stands_for_the_second_view_as_often_as_told() -> None:
    always = {tuple(np.array(batch).reshape(2, -1)[:, place] % 7) for batch in sampler(replay_p=1.0)
              for place in range(len(batch) // 2)}  # fmt: skip
    assert {(1, 2), (2, 1)} <= always
    assert all(one == other for one, other in always - {(1, 2), (2, 1)})
    count = sum(
        1 for epoch in range(200) for batch in sampler(epoch=epoch)
        for one, other in np.array(batch).reshape(2, -1).T % 7 if one != other
    )  # fmt: skip
    assert 150 < count < 250  # two clips, half of 200 epochs


def test_processes_share_the_batches() -> None:
    whole = list(sampler(epoch=1))
    shares = [list(sampler(epoch=1, num_replicas=2, rank=rank)) for rank in (0, 1)]
    assert len(whole) == 2 and [shares[0][0], shares[1][0]] == whole


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mined(tmp_path_factory.mktemp("views") / "mined", num_matches=3, clips_a_match=3, size=32)


def module(mined: Path, *, voice: str | None = None, **options: Any) -> ViewDataModule:
    small = {"num_frames": 8, "frame_stride": 2, "crop_px": 32, "batch_size": 3, "num_workers": 0}
    settings = ClipSettings(**{**small, "fractions": (2, 1, 0), **options})
    data = ViewDataModule(mined=mined, views=ViewSettings(), voice=voice, settings=settings)
    data.setup("fit")
    return data


def test_a_batch_tells_scene_ball_and_label(mined: Path) -> None:
    data = module(mined)
    batch = next(iter(data.train_dataloader()))
    assert len(batch) == 6 and torch.equal(batch.index_B[:3], batch.index_B[3:])
    assert not torch.equal(batch.fast_BCTHW[:3], batch.fast_BCTHW[3:])
    assert len(set(batch.scene_B.tolist())) == 1 and len(set(batch.ball_B.tolist())) == 3
    assert batch.probs_BC.amax(dim=1).min() > 0.5
    assert batch.features_BF.shape[1] > 0


def test_a_batch_carries_what_one_voice_says_where_it_says_anything(tmp_path: Path) -> None:
    folder = MinedFolder(write_mined(tmp_path / "mined", num_matches=3, clips_a_match=3, size=32))
    with pytest.raises(UsageError, match=r"holds nothing that the student says.*teacher=posterior"):
        next(iter(module(folder.path, voice="student").train_dataloader()))
    write_voices(folder.path, {"teacher": 3, "student": 5})
    data = module(folder.path, voice="student")
    dataset = data.fixed_dataloader([*data.records("train"), *data.records("val")]).dataset
    rows = [dataset[number].probs_C.numpy() for number in range(9)]
    assert min(float(row.max()) for row in rows) == pytest.approx(1 / 14)  # it says nothing of one delivery
    assert sum(bool(row[5] == 1) for row in rows) == len(rows) - 1


def test_validation_shows_the_same_views_every_time(mined: Path) -> None:
    one, other = (list(module(mined).val_dataloader()) for _ in range(2))
    assert [b.index_B.tolist() for b in one] == [[0, 1, 2, 0, 1, 2]]
    assert torch.equal(one[0].fast_BCTHW, other[0].fast_BCTHW)


def test_labels_are_not_needed_and_do_not_move_the_split(mined: Path, tmp_path: Path) -> None:
    import shutil

    bare = Path(shutil.copytree(mined, tmp_path / "bare"))
    MinedFolder(bare).file(LABELS).unlink()
    assert module(bare).split == module(mined).split
    assert module(bare).weak_labels() == {}
    batch = next(iter(module(bare).train_dataloader()))
    assert torch.allclose(batch.probs_BC, torch.full((6, 14), 1 / 14))


def test_one_clip_and_one_match_are_one_sentence(tmp_path: Path) -> None:
    one = write_mined(tmp_path / "one", num_matches=1, clips_a_match=1, size=32)
    with pytest.raises(UsageError, match="has one clip to train on, and none to compare it with: mine more footage"):
        module(one, fractions=(1, 0, 0)).train_dataloader()
    with pytest.raises(UsageError, match=r"1 independent match\(es\), too few for 2 parts .* set a fraction to 0"):
        module(one)
    match = write_mined(tmp_path / "match", num_matches=1, clips_a_match=4, size=32)
    assert len(next(iter(module(match, fractions=(1, 0, 0), batch_size=4).train_dataloader()))) == 8
    with pytest.raises(UsageError, match=r"views\.replay_p=2"):
        ViewSettings(replay_p=2)
