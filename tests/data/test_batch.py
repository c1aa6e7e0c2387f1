from __future__ import annotations

import pytest
import torch
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import (
    NO_FRAMES,
    ClipBatch,
    ClipItem,
    collate,
    input_kind_of,
    normalise,
    pack_pathways,
    slow_indices,
    takes,
)


def item(index: int, *, num_frames: int = 32) -> ClipItem:
    frames = torch.arange(num_frames, dtype=torch.uint8).view(1, -1, 1, 1).expand(3, -1, 4, 4)
    return ClipItem(
        frames_CTHW=frames, probs_C=torch.eye(14)[index], features_F=torch.empty(0), weight=0.5, index=index, view=1
    )


@pytest.mark.parametrize(
    ("num_frames", "alpha", "golden"),
    [
        (32, 4, [0, 4, 8, 13, 17, 22, 26, 31]),  # what the published Kinetics weights were trained with
        (16, 4, [0, 5, 10, 15]),
        (64, 4, [0, 4, 8, 12, 16, 21, 25, 29, 33, 37, 42, 46, 50, 54, 58, 63]),
        (32, 8, [0, 10, 20, 31]),
    ],
)
def test_slow_pathway_takes_the_frames_of_the_kinetics_weights(num_frames: int, alpha: int, golden: list[int]) -> None:
    assert slow_indices(num_frames=num_frames, alpha=alpha).tolist() == golden
    clip: Tensor = torch.arange(num_frames).view(1, 1, -1, 1, 1).expand(2, 3, -1, 2, 2)
    slow, fast = pack_pathways(clip, alpha=alpha)
    assert slow[1, 2, :, 0, 1].tolist() == golden
    assert fast is clip


def test_collate_stacks_and_packs() -> None:
    batch = collate([item(0), item(3)])
    assert batch.slow_BCTHW.shape == (2, 3, 8, 4, 4)
    assert batch.fast_BCTHW.shape == (2, 3, 32, 4, 4)
    assert batch.fast_BCTHW.dtype == torch.uint8
    assert batch.probs_BC.argmax(1).tolist() == [0, 3]
    assert batch.index_B.tolist() == [0, 3]
    assert batch.view_B.tolist() == [1, 1]
    assert batch.weights_B.tolist() == [0.5, 0.5]
    assert len(batch) == 2


def test_batch_moves_as_a_whole() -> None:
    moved = collate([item(0)]).to("meta")
    assert isinstance(moved, ClipBatch)
    tensors = (moved.slow_BCTHW, moved.fast_BCTHW, moved.probs_BC, moved.weights_B, moved.index_B, moved.view_B)
    assert all(tensor.device.type == "meta" for tensor in tensors)


def test_pathways_are_normalised_once() -> None:
    batch = collate([item(0)])
    slow, fast = batch.pathways()
    assert fast[0, 0, 31, 0, 0].item() == pytest.approx((31 / 255 - 0.45) / 0.225, abs=1e-6)
    assert slow[0, 0, -1, 0, 0] == fast[0, 0, -1, 0, 0]
    assert normalise(fast) is fast


def test_a_network_is_shown_what_there_is() -> None:
    both, clip = collate([item(0)]), collate([item(0)], has_slow=False)
    slow, fast = both.shown()
    assert torch.equal(fast, both.pathways()[1]) and torch.equal(slow, both.pathways()[0])
    assert not clip.slow_BCTHW.numel() and torch.equal(clip.shown(), fast)
    sequence = torch.rand(5, 2)
    bare = collate([item(0)._replace(frames_CTHW=NO_FRAMES, sequence_TD=sequence)])
    assert torch.equal(bare.shown()[0], sequence) and not bare.fast_BCTHW.numel()


def test_a_network_says_what_it_takes_or_takes_both_pathways(monkeypatch) -> None:
    class Own:
        pass

    monkeypatch.setattr("slowpaths.data.batch.locate", lambda target, *, key: Own)
    assert input_kind_of({"_target_": "my.Own"}) == "pathways"
    assert takes("clip")(Own) is Own and input_kind_of({"_target_": "my.Own"}) == "clip"
    Own.input_kind = "sound"
    with pytest.raises(UsageError, match=r"my\.Own has the input_kind 'sound': name one of pathways, clip"):
        input_kind_of({"_target_": "my.Own"})
