from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models.pretrain.parts import PARTS
from tests.models.training import QUIET, settings, trainer, view_batch
from torch.utils.data import DataLoader

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.callbacks.embedding_probe import EmbeddingProbe, ProbeClips
from slowpaths.models.callbacks.history import History
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.models.pretrain.composition import Composition
from slowpaths.models.pretrain.probe_settings import ProbeSettings

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def probe(folder: Path, *, has_labels: bool = True, **options: Any) -> EmbeddingProbe:
    batch = view_batch(8, num_frames=16)
    clips = ProbeClips(
        loader=DataLoader([batch], batch_size=None),  # type: ignore[arg-type]
        probs_NC=batch.probs_BC[:8] if has_labels else torch.empty(8, 0),
        match_N=torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]),
        ball_N=torch.arange(8),
        is_val_N=torch.tensor([False] * 4 + [True] * 4),
    )
    return EmbeddingProbe(clips, ProbeSettings(**options), last=folder / "last.ckpt")


def model() -> Composition:
    parts = {"distil": PARTS["distil"]}
    return Composition(**settings(dropout=0.0, feature_names=(), ema_decay=0.9, parts=parts))


def test_what_is_measured_stands_in_the_history(tmp_path: Path) -> None:
    loader = DataLoader([view_batch(4, num_frames=16)], batch_size=None)  # type: ignore[arg-type]
    history = History(tmp_path / "history.csv")
    trainer(max_epochs=2, callbacks=[probe(tmp_path, every_epochs=2), history]).fit(model(), loader)
    names = {"effective_rank", "spread", "alignment", "uniformity", "scene_leak", "knn_purity"}
    first, second = (tmp_path / "history.csv").read_text().splitlines()[1:]
    found = history.kept(None)
    assert {f"probe/{name}" for name in names} <= found.keys()
    assert found["probe/knn_chance"] == pytest.approx(0.25)  # each stroke once a match
    assert found["probe/scene_chance"] == 0.5  # two matches of four balls
    assert 0 <= found["probe/scene_leak"] <= 1
    assert found["probe/effective_rank"] > 1
    assert first.count(",,") > second.count(",,")


def test_without_labels_there_is_no_purity(tmp_path: Path) -> None:
    assert "knn_purity" not in probe(tmp_path, has_labels=False).measure(model())


def test_the_leak_tells_matches_by_what_a_linear_layer_reads_and_needs_two_of_them(tmp_path: Path) -> None:
    watch, network = probe(tmp_path), model()
    clips = watch._clips
    batch, light = next(iter(clips.loader)), clips.match_N.repeat(2)[:, None, None, None, None] * 190
    lit = {name: (getattr(batch, name) // 4 + light).to(torch.uint8) for name in ("slow_BCTHW", "fast_BCTHW")}
    watch._clips = clips._replace(loader=DataLoader([replace(batch, **lit)], batch_size=None))  # type: ignore[arg-type]
    assert watch.measure(network)["scene_leak"] == 1.0
    watch._clips = clips._replace(match_N=torch.zeros(8, dtype=torch.int64))
    assert "scene_leak" not in watch.measure(network)


@pytest.mark.parametrize("sign", ["effective rank", "spread"])
def test_a_collapse_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path: Path, sign: str) -> None:
    looks = iter([5.0, 5.0, 0.0, 0.0, 0.0, 0.0])

    class Sick(EmbeddingProbe):
        def measure(self, module: Any) -> dict[str, float]:
            low = next(looks)
            return {"effective_rank": 5.0, "spread": 5.0, sign.replace(" ", "_"): low}

    watch = Sick(probe(tmp_path)._clips, ProbeSettings(patience=2), last=tmp_path / "last.ckpt")
    loader = DataLoader([view_batch(4, num_frames=16)], batch_size=None)  # type: ignore[arg-type]
    run = trainer(max_epochs=9, enable_checkpointing=True, callbacks=[watch, build_checkpoints(tmp_path, monitor=None)])
    with pytest.raises(
        SlowpathsError, match=rf"^the embedding has collapsed: its {sign} is 0, below 0\..*, for 2 looks in a row: "
    ) as caught:
        run.fit(model(), loader)
    assert f"{tmp_path / 'good.ckpt'} holds the last epoch before" in str(caught.value)
    assert read_checkpoint(tmp_path / "good.ckpt")["epoch"] == 1
    assert read_checkpoint(tmp_path / "last.ckpt")["epoch"] == 2


def test_the_count_goes_on_where_the_run_does(tmp_path: Path) -> None:
    one, other = probe(tmp_path), probe(tmp_path)
    one._num_collapsed = 2
    other.load_state_dict(one.state_dict())
    assert other._num_collapsed == 2
    with pytest.raises(UsageError, match=r"probe\.patience=0 is too small: give at least 1"):
        ProbeSettings(patience=0)
