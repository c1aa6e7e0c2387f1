"""One W&B group from pretraining to evaluation, read back from the offline files."""

from __future__ import annotations

import csv
import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import wandb
import yaml
from tests.data.mined import write_mined
from wandb.proto import wandb_internal_pb2
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from slowpaths.apps._compose import compose
from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.store.ledger import Entry, append_entry
from slowpaths.store.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "data.num_workers=0", "data.num_frames=8", "data.frame_stride=2", "data.crop_px=32", "data.read_px=null",
    "data.num_test_views=1", "data.batch_size=2", "data.fractions=[.5,.25,.25]", "optim.warmup_epochs=0",
    "trainer.max_epochs=2",
)  # fmt: skip
SWEEPS = sorted((Path(__file__).parents[2] / "configs" / "sweep").glob("*.yaml"))
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


def told_by(run: RunFolder) -> list[list[wandb_internal_pb2.Record]]:
    """Return the records of a run, start by start."""
    return [list(read_offline(path)) for path in sorted(run.path.glob("wandb/offline-run-*/*.wandb"))]


def identity(records: list[wandb_internal_pb2.Record]) -> wandb_internal_pb2.RunRecord:
    return next(each.run for each in records if each.WhichOneof("record_type") == "run")


def artifacts(records: list[wandb_internal_pb2.Record]) -> dict[tuple[str, str], bool]:
    """Return of each artifact of ours its type and digest, and whether it is an input of the run."""
    found = [each.artifact for each in records if each.WhichOneof("record_type") == "artifact"]
    return {(each.type, each.digest): each.use_after_commit for each in found if each.type != "run_table"}


def keep_label_sets(mined: Path) -> None:
    """Keep two label sets in a mined folder and its ledger, as `slowpaths label` does; the second one is in use."""
    for name in ("old", "new"):
        kept = mined / "label_sets" / name / "labels.parquet"
        kept.parent.mkdir(parents=True)
        kept.write_bytes((mined / "labels.parquet").read_bytes() if name == "new" else b"others")
        written = [kept, mined / "deliveries.parquet"]
        outputs = {path.relative_to(mined).as_posix(): file_digest(path) for path in written}
        append_entry(mined, Entry(stage="label", rules=name, outputs=outputs))


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory) -> Iterator[Path]:
    """Keep W&B apart from that of the person who tests, and its service alive over the runs of this module."""
    folder = tmp_path_factory.mktemp("wandb")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MODE", "RUN_ID", "RUN_GROUP", "SWEEP_ID", "API_KEY"):
            patch.delenv(f"WANDB_{name}", raising=False)
        patch.setenv("WANDB_SILENT", "true")
        for kind in ("DATA", "CACHE", "CONFIG"):
            patch.setenv(f"WANDB_{kind}_DIR", str(folder / "wandb"))
        yield folder
        wandb.teardown()


@pytest.fixture(scope="module")
def run(folder) -> RunFolder:
    mined = write_mined(folder / "mined", num_matches=4, clips_a_match=2, size=64)
    (folder / "truth.csv").write_text(
        "video,start_s,end_s,impact_s,label\n"
        + "".join(
            f"m{match}/v{match}.mp4,{ball * 10 + 1.2},{ball * 10 + 2.48},{ball * 10 + 2},{label}\n"
            for match in range(4)
            for ball, label in enumerate(("leave", "ff_defence"))
        )
    )
    keep_label_sets(mined)
    out, ssl = folder / "run", folder / "ssl"
    words = [f"mined={mined}", "model=slowfast_tiny", "trainer=cpu", "logger=[csv,wandb]", *SMALL]
    about = ["logger.wandb.tags=[paper,tiny]", "logger.wandb.notes=a note", "logger.wandb.project=other"]
    assert main(["pretrain", f"out={ssl}", *words, *about]) == 0
    assert main(["train", f"out={out}", f"init={ssl}", *words, *about]) == 0
    judge = ["evaluate", f"predictions={out / 'predictions.parquet'}", f"truth={folder / 'truth.csv'}", "split=all"]
    assert main([*judge, f"out={folder / 'report'}", "logger=[csv,wandb]"]) == 0
    return RunFolder(out)


def test_a_model_is_one_group_from_pretraining_to_evaluation(run):
    ssl = RunFolder(run.path.parent / "ssl")
    told = {"pretrain": told_by(ssl)[0], **dict(zip(("train", "evaluate"), told_by(run), strict=True))}
    for verb, each in ((verb, identity(records)) for verb, records in told.items()):
        assert each.run_group == f"ssl-{ssl.wandb_id_file.read_text().strip()}" and each.job_type == verb
        assert each.project == "other" and list(each.tags) == ["paper", "tiny"] and each.notes == "a note"
        assert each.display_name == ("ssl" if verb == "pretrain" else "run")
    ids = {verb: identity(records).run_id for verb, records in told.items()}
    assert ids["train"] == ids["evaluate"] == run.wandb_id_file.read_text().strip() != ids["pretrain"]


def test_a_run_that_goes_on_is_one_run_in_the_group_of_the_weights_it_started_from(run):
    root, ssl = run.path.parent, RunFolder(run.path.parent / "ssl")
    out = RunFolder(root / "goes_on")
    words = ["train", f"mined={root / 'mined'}", f"out={out.path}", f"init={ssl.backbone}", "model=slowfast_tiny"]
    for length in (1, 2):
        more = [*SMALL, f"trainer.max_epochs={length}", "trainer=cpu", "logger=[wandb]"]
        assert main([*words, *more]) == 0
    starts = [identity(records) for records in told_by(out)]
    assert len(starts) == 2 and {each.run_id for each in starts} == {out.wandb_id_file.read_text().strip()}
    assert {each.run_group for each in starts} == {ssl.wandb_group_file.read_text().strip()}
    (made,) = (key for key in artifacts(told_by(ssl)[0]) if key[0] == "model")
    assert all(artifacts(records)[made] for records in told_by(out))  # the weights are an input of both starts


def test_lineage_leads_from_mined_set_and_pretrained_weights_to_the_report(run):
    ssl = RunFolder(run.path.parent / "ssl")
    ((pretraining,), (training, judging)) = [[artifacts(each) for each in told_by(folder)] for folder in (ssl, run)]
    inputs, outputs = (
        {key for key, is_input in training.items() if is_input == wanted} for wanted in (True, False)
    )  # fmt: skip
    assert sorted(kind for kind, _ in inputs) == ["dataset", "labels", "model"]  # of two label sets the one in use
    (weights,) = (key for key in pretraining if key[0] == "model")
    assert weights in inputs and not pretraining[weights]  # the very artifact that pretraining made
    assert {kind for kind, _ in outputs} == {"model", "predictions"} and not inputs & outputs
    read = {key for key, is_input in judging.items() if is_input}
    assert sorted(kind for kind, _ in read) == ["dataset", "predictions"]  # the truth is a dataset
    assert {key for key in read if key[0] == "predictions"} <= outputs  # the very artifact that training made
    assert {kind for kind, _ in judging.keys() - read} == {"report"}


def test_the_report_of_anybodys_predictions_has_them_as_a_parent(run, folder):
    foreign = folder / "elsewhere" / "theirs.csv"
    foreign.parent.mkdir()
    foreign.write_text("video,impact_s,label\nm0/v0.mp4,2,leave\nm1/v1.mp4,12,ff_defence\n")
    judge = ["evaluate", f"predictions={foreign}", f"truth={folder / 'truth.csv'}", f"out={foreign.parent / 'report'}"]
    assert main([*judge, "logger=[wandb]"]) == 0
    (records,) = told_by(RunFolder(foreign.parent / "report"))
    used = {each.artifact.name.split("-")[0] for each in records if each.artifact.use_after_commit}
    assert used == {"truth", "predictions"}
    assert {kind for (kind, _), is_input in artifacts(records).items() if not is_input} == {"report"}


def test_the_run_tells_its_whole_story(run):
    keys = [
        {item.key or item.nested_key[0] for r in records if r.WhichOneof("record_type") == "history"
         for item in r.history.item}
        for records in told_by(run)
    ]  # fmt: skip
    assert {
        "train/step_loss", "train/loss", "val/macro_f1", "optim/gradient_norm", "optim/lr_0", "time/loader_idle",
        "val/confusion_table", "clips",
    } <= keys[0]  # fmt: skip
    assert any(key.startswith("val_recall/") for key in keys[0])
    assert {"evaluate/top1", "evaluate/measures"} <= keys[1]
    assert any(key.startswith("evaluate/figures/") for key in keys[1])
    assert {"evaluate/tables/per_class", "evaluate/tables/confusion", "evaluate_recall/leave"} <= keys[1]


def test_the_run_says_what_its_metrics_are_measured_against(run):
    for folder, told in ((run, "weak labels"), (RunFolder(run.path.parent / "ssl"), "what mining measured")):
        updates = [item for each in told_by(folder)[0] for item in [*each.config.update, *each.run.config.update]]
        (sentence,) = {item.value_json for item in updates if item.key == "measured_against"}
        assert f"against {told}" in sentence and "not against truth" in sentence
        (file,) = folder.path.glob("csv/*/hparams.yaml")
        assert yaml.safe_load(file.read_text())["measured_against"] == json.loads(sentence)


def test_csv_carries_the_same_scalars(run):
    rows = [row for path in run.path.glob("csv/*/metrics.csv") for row in csv.DictReader(path.read_text().splitlines())]
    known = {name for row in rows for name, value in row.items() if value}
    assert {"train/step_loss", "val/macro_f1", "optim/gradient_norm", "optim/lr_0", "time/loader_idle"} <= known
    after = {name for name in known if name.startswith(("held_out", "test"))}
    assert {"held_out/label_agreement", "test/label_agreement", "held_out_recall/leave"} <= after
    sent = {item.key or item.nested_key[0] for each in told_by(run)[0] for item in each.history.item}
    assert after == {name for name in sent if name.startswith(("held_out", "test"))}
    assert min(float(row["time/loader_idle"]) for row in rows if row["time/loader_idle"]) >= 0
    assert "time/" not in run.history.read_text() and "optim/" not in run.history.read_text()
    report = run.path.parent / "report"
    (measured,) = csv.DictReader(next(report.glob("csv/*/metrics.csv")).read_text().splitlines())
    top1 = json.loads((report / "report.json").read_text())["measures"]["top1"]["value"]
    assert float(measured["evaluate/top1"]) == pytest.approx(top1)


@pytest.mark.parametrize("file", SWEEPS, ids=lambda path: path.stem)
def test_the_command_of_a_sweep_is_run_as_an_agent_would(folder, file, monkeypatch):
    sweep = yaml.safe_load(file.read_text())
    axes = {name: one.get("values", [one.get("value")]) for name, one in sweep["parameters"].items()}
    cells = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    for cell in cells[:: len(axes["seed"])]:
        compose("train", command_of(sweep, cell)[2:])
    monkeypatch.chdir(folder)
    write_mined(Path(cells[0]["mined"]), num_matches=4, clips_a_match=2, size=32)
    for name, value in {"MODE": "offline", "SWEEP_ID": "s1", "RUN_ID": "agent1"}.items():  # an agent sets the last two
        monkeypatch.setenv(f"WANDB_{name}", value)
    program, *words = command_of(sweep, cells[0])
    assert program == "slowpaths" and main([*words, *SMALL]) == 0
    (file,) = folder.glob("runs/train/*/wandb/offline-run-*/*.wandb")
    records = list(read_offline(file))
    assert identity(records).run_id == "agent1"
    assert RunFolder(file.parents[2]).wandb_id_file.read_text() == "agent1\n"  # `evaluate` goes on with it
    summed_up = {item.key for each in records for item in each.summary.update}
    assert sweep["metric"]["name"] in summed_up  # what the sweep is judged by


def command_of(sweep: dict, cell: dict) -> list[str]:
    """Return the command of a cell, as the agent of W&B makes it."""
    told = create_sweep_command_args({"args": {name: {"value": value} for name, value in cell.items()}})
    words = create_sweep_command(sweep["command"])
    return [part for word in words for part in (told[word[2:-1]] if word.startswith("${") else [word])]
