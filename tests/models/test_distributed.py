from __future__ import annotations

import os
import warnings
from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port
from tests.data.mined import write_mined
from tests.models.training import QUIET, classifier, trainer

from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.models.sharding import FSDP, ShardedStrategy

pytestmark = [pytest.mark.slow, *(pytest.mark.filterwarnings(line) for line in QUIET)]


class KeepWeights(L.Callback):
    """Write what each process ends with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        seen = self._folder / f"seen{trainer.global_rank}.txt"
        with seen.open("a") as stream:
            stream.write(" ".join(map(str, batch.index_B.tolist())) + " ")
        with (self._folder / f"loss{trainer.global_rank}.txt").open("a") as stream:
            stream.write(f"{float(outputs['loss'])} ")

    def on_train_end(self, trainer, pl_module) -> None:
        whole = trainer.strategy.lightning_module_state_dict()  # of shards, in the first process alone
        if weights := {name: tensor for name, tensor in whole.items() if name.startswith("network.")}:
            torch.save(weights, self._folder / f"weights{trainer.global_rank}.pt")


def fit(mined: Path, folder: Path, *, batch_size: int, **options: object) -> None:
    """Train two steps an epoch on twelve clips."""
    folder.mkdir(exist_ok=True)
    shown = {"num_frames": 8, "frame_stride": 2, "crop_px": 32, "num_workers": 0, "fractions": (1, 0, 0)}
    data = ClipDataModule(mined=mined, settings=ClipSettings(batch_size=batch_size, **shown))
    data.setup()
    # Moments of half a batch are others: batch norm keeps its own. Nor may processes drop out alike.
    model = classifier(batch_size=6, dropout=0.0, frozen_bn_below=100, lr=0.02)
    run = trainer(max_epochs=2, use_distributed_sampler=False, callbacks=[KeepWeights(folder)], **options)
    run.fit(model, data)


def read(folder: Path) -> tuple[list[list[float]], list[list[int]]]:
    """Return losses and clips of each process."""
    losses, seen = (
        [[kind(word) for word in path.read_text().split()] for path in sorted(folder.glob(f"{name}*.txt"))]
        for name, kind in (("loss", float), ("seen", int))
    )
    return losses, seen


def fit_as_one_of_two(rank: int, mined: Path, folder: Path, strategy: str, port: int) -> None:
    """Be one of two processes; Lightning sees from the environment that somebody else started them."""
    warnings.simplefilter("ignore")
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "LOCAL_RANK": rank, "NODE_RANK": 0, "WORLD_SIZE": 2}
    os.environ |= {name: str(value) for name, value in place.items()}
    fit(mined, folder, batch_size=3, devices=2, strategy=ShardedStrategy() if strategy == FSDP else strategy)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(("strategy", "num_whole"), [("ddp", 2), (FSDP, 1)])
def test_two_processes_share_the_clips_and_give_the_loss_of_one(tmp_path: Path, strategy: str, num_whole: int) -> None:
    mined = write_mined(tmp_path / "mined", num_matches=3, clips_a_match=4, size=32)
    port = find_free_network_port()
    torch.multiprocessing.spawn(fit_as_one_of_two, (mined, tmp_path / "two", strategy, port), nprocs=2)
    two, seen = read(tmp_path / "two")
    fit(mined, tmp_path / "one", batch_size=6)
    (one,), _ = read(tmp_path / "one")
    assert [len(clips) for clips in seen] == [12, 12]
    assert sorted(seen[0][:6] + seen[1][:6]) == list(range(12))
    assert len(one) == 4 and one[-1] < one[0]
    assert [sum(losses) / 2 for losses in zip(*two, strict=True)] == pytest.approx(one, abs=1e-5)
    weights = [torch.load(path, weights_only=True) for path in sorted(tmp_path.glob("*/weights*.pt"))]
    assert len(weights) == 1 + num_whole and weights[0].keys() == weights[-1].keys()
    for name, tensor in weights[0].items():
        assert torch.allclose(tensor, weights[1][name], atol=1e-5), name
        assert all(torch.equal(weights[1][name], other[name]) for other in weights[2:]), name
