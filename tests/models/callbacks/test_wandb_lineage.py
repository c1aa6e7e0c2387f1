from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.data.mined import write_mined

from slowpaths.core.ids import file_digest
from slowpaths.models.callbacks import wandb_lineage
from slowpaths.models.callbacks.wandb_lineage import log_inputs, log_ledger
from slowpaths.store.ledger import Entry, append_entry


class WandbLogger:
    """Keep the artifacts that a W&B run is given."""

    def __init__(self) -> None:
        self.logged, self.used = [], []
        logs = lambda artifact, aliases: self.logged.append(artifact)  # noqa: E731
        uses = lambda artifact, aliases: self.used.append(artifact)  # noqa: E731
        self.experiment = SimpleNamespace(offline=False, log_artifact=logs, use_artifact=uses)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / "wandb"))


def write(folder: Path, **contents: bytes) -> dict[str, str]:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: file_digest(folder / name) for name in contents}


def test_an_artifact_holds_what_its_entry_wrote_and_names_what_is_left_out(tmp_path):
    mined = write_mined(tmp_path / "mined", num_matches=1, clips_a_match=2, size=32)
    outputs = {"labels.parquet": file_digest(mined / "labels.parquet"), "shots.parquet": "0" * 64}
    append_entry(mined, Entry(stage="mine", outputs={**outputs, "clips/v0-d000.mp4": "1" * 64}))
    logger = WandbLogger()
    log_ledger([logger], folder=mined)  # type: ignore[list-item]
    (artifact,) = logger.logged
    assert artifact.type == "labels" and sorted(artifact.manifest.entries) == ["labels.parquet", "ledger.jsonl"]
    assert artifact.metadata["left_out"] == ["clips/v0-d000.mp4", "shots.parquet"]


def test_a_model_of_any_size_goes_in_and_a_large_table_by_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setattr(wandb_lineage, "_LARGEST_TABLE_BYTES", 10)
    files = {"checkpoints/best.ckpt": b"w" * 99, "predictions.parquet": b"p" * 99}
    append_entry(tmp_path, Entry(stage="train", outputs=write(tmp_path, **files)))
    logger = WandbLogger()
    log_ledger([logger], folder=tmp_path)  # type: ignore[list-item]
    sent = {artifact.type: artifact.manifest.entries for artifact in logger.logged}
    weights, table = sent["model"]["checkpoints/best.ckpt"], sent["predictions"]["predictions.parquet"]
    assert weights.size == 99 and weights.ref is None
    assert Path(weights.local_path).read_bytes() == files["checkpoints/best.ckpt"]  # a copy that a sync sends
    assert table.size == 99 and table.ref == (tmp_path / "predictions.parquet").as_uri()
    assert not any(artifact.metadata["left_out"] for artifact in logger.logged)


def test_what_was_read_is_used_as_the_artifact_of_its_maker_or_as_one_of_its_own(tmp_path):
    made = write(tmp_path / "run", **{"predictions.parquet": b"p", "checkpoints/best.ckpt": b"w"})
    append_entry(tmp_path / "run", Entry(stage="train", outputs=made))
    write(tmp_path, **{"truth.csv": b"t"})
    logger = WandbLogger()
    files = {"predictions": tmp_path / "run" / "predictions.parquet", "truth": tmp_path / "truth.csv"}
    log_inputs([logger], files)  # type: ignore[list-item]
    assert [(artifact.type, sorted(artifact.manifest.entries)) for artifact in logger.used] == [
        ("predictions", ["ledger.jsonl", "predictions.parquet"]),
        ("dataset", ["truth.csv"]),
    ]
    assert not logger.logged
