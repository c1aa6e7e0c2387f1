"""`slowpaths audit` through the command line: of a mined folder, and of what networks of two kinds make of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.apps.test_baselines import train
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.store.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "mined"
    return write_mined(folder, num_matches=5, clips_a_match=5, num_strokes=2, size=32, posed=range(25))


def audited(*words: str, out: Path) -> dict:
    assert main(["audit", *words, f"out={out}"]) == 0
    return json.loads(RunFolder(out).report_json.read_text())


@pytest.mark.parametrize("model", ["slowfast_tiny", "skeleton_gru"])
def test_a_network_is_audited_under_every_split(mined, tmp_path, model):
    assert main(train(mined, tmp_path / "run", f"model={model}", "trainer.max_epochs=1")) == 0
    folder = RunFolder(tmp_path / "run")
    given = [f"ckpt={folder.last_checkpoint}", f"mined={mined}"]
    found = audited(*given, out=tmp_path / "audit")
    rows = {row["split"]: row for row in found["splits"]}
    assert found["what"].startswith("A linear layer on the frozen embedding") and found["deliveries"] == 25
    assert rows["match"]["groups"] == 5 and 0 <= rows["match"]["accuracy"] <= 1
    assert rows["venue"]["accuracy"] is None and rows["venue"]["reason"]
    assert {row["changed"] for row in found["steadiness"]} == {"jitter", "mirror"}
    assert "EV007" in {row["code"] for row in found["checks"]}  # its embedding knows its training clips
    page = RunFolder(tmp_path / "audit").report_md.read_text()
    assert "## What changes a name" in page and f"ckpt={folder.last_checkpoint}" in page


def test_a_mined_folder_is_audited_without_a_network(mined, tmp_path):
    found = audited(f"mined={mined}", out=tmp_path)
    assert found["what"].startswith("Trees on the mined features, of 25 deliveries, against the folder's own labels")
    assert found["steadiness"] == [] and not {row["code"] for row in found["checks"]} & {"EV007", "EV008", "EV009"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ckpt=none.ckpt",), "none.ckpt"),
        (("batch_size=0",), "batch_size=0 is no number of clips"),
        (("truth=none.csv",), "none.csv does not exist"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(mined, tmp_path, capsys, words, sentence):
    assert main(["audit", f"mined={mined}", f"out={tmp_path / 'made'}", *words]) != 0
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in error and not (tmp_path / "made").exists()
