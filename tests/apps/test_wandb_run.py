"""One W&B run from training to evaluation, read back from the offline files."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import wandb
from tests.data.mined import write_mined
from wandb.proto import wandb_internal_pb2

from slowpaths.cli import main
from slowpaths.store.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
_BLOCK = 32768  # bytes; the log format of LevelDB, after a header of seven bytes


def read_offline(path: Path) -> Iterator[wandb_internal_pb2.Record]:
    """Yield the records of an offline run file."""
    content, at, parts = path.read_bytes(), 7, []
    assert content[:4] == b":W&B"
    while at + 7 <= len(content):
        if _BLOCK - at % _BLOCK < 7:
            at += _BLOCK - at % _BLOCK
            continue
        _, size, kind = struct.unpack("<IHB", content[at : at + 7])
        parts.append(content[at + 7 : at + 7 + size])
        at += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(b"".join(parts))
            parts = []
            yield record


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[RunFolder]:
    folder = tmp_path_factory.mktemp("wandb")
    mined = write_mined(folder / "mined", num_matches=4, clips_a_match=2, size=64)
    (folder / "truth.csv").write_text(
        "video,start_s,end_s,impact_s,label\n"
        + "".join(
            f"m{match}/v{match}.mp4,{ball * 10 + 1.2},{ball * 10 + 2.48},{ball * 10 + 2},{label}\n"
            for match in range(4)
            for ball, label in enumerate(("leave", "ff_defence"))
        )
    )
    out = folder / "run"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MODE", "RUN_ID", "SWEEP_ID", "API_KEY"):
            patch.delenv(f"WANDB_{name}", raising=False)
        patch.setenv("WANDB_SILENT", "true")
        for kind in ("DATA", "CACHE", "CONFIG"):
            patch.setenv(f"WANDB_{kind}_DIR", str(folder / "wandb"))
        words = [
            "train", f"mined={mined}", f"out={out}", "model=slowfast_tiny", "trainer=cpu", "data.num_workers=0",
            "data.num_frames=8", "data.frame_stride=2", "data.crop_px=32", "data.read_px=null", "data.num_test_views=1",
            "data.batch_size=2", "data.fractions=[.5,.25,.25]", "optim.warmup_epochs=0", "trainer.max_epochs=2",
            "logger=[csv,wandb]", "logger.wandb.tags=[paper,tiny]", "logger.wandb.group=losses",
            "logger.wandb.notes=a note", "logger.wandb.project=other",
        ]  # fmt: skip
        assert main(words) == 0
        judge = ["evaluate", f"predictions={out / 'predictions.parquet'}", f"truth={folder / 'truth.csv'}", "split=all"]
        assert main([*judge, f"out={folder / 'report'}", "logger=[csv,wandb]"]) == 0
        yield RunFolder(out)
        wandb.teardown()


def test_training_and_evaluation_are_one_run_that_tells_its_whole_story(run):
    files = sorted(run.path.glob("wandb/offline-run-*/*.wandb"))
    assert len(files) == 2 and len({path.name for path in files}) == 1  # one id
    told = [list(read_offline(path)) for path in files]
    (training,), (judging,) = ([r.run for r in records if r.WhichOneof("record_type") == "run"][:1] for records in told)
    assert training.run_id == judging.run_id == run.wandb_id_file.read_text().strip()
    for each in (training, judging):  # the project and group it was trained in
        assert (each.project, each.run_group, each.display_name) == ("other", "losses", "run")
        assert list(each.tags) == ["paper", "tiny"] and each.notes == "a note"
    assert (training.job_type, judging.job_type) == ("train", "evaluate")
    keys = [
        {item.key or item.nested_key[0] for r in records if r.WhichOneof("record_type") == "history"
         for item in r.history.item}
        for records in told
    ]  # fmt: skip
    assert {
        "train/step_loss", "train/loss", "val/macro_f1", "optim/gradient_norm", "optim/lr_0", "time/loader_idle",
        "val/confusion_table", "clips",
    } <= keys[0]  # fmt: skip
    assert any(key.startswith("val_recall/") for key in keys[0])
    assert {"evaluate/top1", "evaluate/measures"} <= keys[1]
    assert any(key.startswith("evaluate/figures/") for key in keys[1])
    artifacts = {
        (r.artifact.type, tuple(r.artifact.aliases)) for records in told for r in records
        if r.WhichOneof("record_type") == "artifact"
    }  # fmt: skip
    kinds = {kind for kind, _ in artifacts}
    assert {"model", "predictions", "report"} <= kinds
    found = {(kind, tuple(sorted(aliases))) for kind, aliases in artifacts}
    assert ("model", ("latest", "train")) in found and ("report", ("evaluate", "latest")) in found


def test_csv_carries_the_same_scalars(run):
    rows = [row for path in run.path.glob("csv/*/metrics.csv") for row in csv.DictReader(path.read_text().splitlines())]
    known = {name for row in rows for name, value in row.items() if value}
    assert {"train/step_loss", "val/macro_f1", "optim/gradient_norm", "optim/lr_0", "time/loader_idle"} <= known
    assert min(float(row["time/loader_idle"]) for row in rows if row["time/loader_idle"]) >= 0
    assert "time/" not in run.history.read_text() and "optim/" not in run.history.read_text()
    report = run.path.parent / "report"
    (measured,) = csv.DictReader(next(report.glob("csv/*/metrics.csv")).read_text().splitlines())
    top1 = json.loads((report / "report.json").read_text())["measures"]["top1"]["value"]
    assert float(measured["evaluate/top1"]) == pytest.approx(top1)
