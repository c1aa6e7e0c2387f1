from __future__ import annotations

from pathlib import Path

import lightning as L
import pytest
import torch
from tests.data.mined import write_mined
from tests.models.training import QUIET, classifier, trainer

from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings

pytestmark = [pytest.mark.slow, *(pytest.mark.filterwarnings(line) for line in QUIET)]


class KeepWeights(L.Callback):
    """Write what each process ends with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        seen = self._folder / f"seen{trainer.global_rank}.txt"
        with seen.open("a") as stream:
            stream.write(" ".join(map(str, batch.index_B.tolist())) + " ")

    def on_train_end(self, trainer, pl_module) -> None:
        torch.save(pl_module.network.state_dict(), self._folder / f"weights{trainer.global_rank}.pt")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_two_processes_share_the_clips_and_keep_the_same_weights(tmp_path: Path) -> None:
    mined = write_mined(tmp_path / "mined", num_matches=3, clips_a_match=4, size=32)
    shown = ClipSettings(num_frames=8, frame_stride=2, crop_px=32, batch_size=3, num_workers=0, fractions=(1, 0, 0))
    data = ClipDataModule(mined=mined, settings=shown)
    data.setup()
    run = trainer(
        max_epochs=1,
        devices=2,
        strategy="ddp_spawn",
        use_distributed_sampler=False,
        callbacks=[KeepWeights(tmp_path)],
    )
    run.fit(classifier(batch_size=6), data)
    seen = [(tmp_path / f"seen{rank}.txt").read_text().split() for rank in (0, 1)]
    assert len(seen[0]) == len(seen[1]) == 6
    assert sorted(map(int, seen[0] + seen[1])) == list(range(12))
    one, other = (torch.load(tmp_path / f"weights{rank}.pt", weights_only=True) for rank in (0, 1))
    for name, tensor in one.items():
        assert "running" in name or torch.equal(tensor, other[name]), name
