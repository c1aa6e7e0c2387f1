from __future__ import annotations

import json
from pathlib import Path

import pytest

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.store.experiment_folder import ExperimentsFolder

CHART = """shares:
  table: results/shares.csv
  title: Shares
  caption: Shares of two systems.
  command: python make_shares.py
  x: system
  y: share
"""


@pytest.fixture
def experiments(tmp_path: Path) -> Path:
    folder = tmp_path / "experiments" / "question"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "shares.csv").write_text("system,share\na,0.5\nb,0.25\n")
    (folder / "results" / "provenance.json").write_text('{"commit": "abc"}')
    (folder / "figures.yaml").write_text(CHART)
    return folder.parent


def test_figures_are_drawn_in_three_formats_and_the_same_twice(experiments: Path) -> None:
    folder = experiments / "question" / "figures"
    assert main(["figures", f"experiments={experiments}"]) == 0
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == {"shares.pdf", "shares.svg", "shares.png"}
    assert all(b"python make_shares.py" in content for name, content in files.items() if not name.endswith("pdf"))
    assert main(["figures", f"experiments={experiments}", "only=[shares]"]) == 0
    assert files == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_figures_that_were_drawn_before_and_are_described_no_more_are_removed(experiments: Path) -> None:
    folder = experiments / "question" / "figures"
    charts = experiments / "question" / "figures.yaml"
    charts.write_text(CHART + CHART.replace("shares:", "old:"))
    assert main(["figures", f"experiments={experiments}"]) == 0
    (folder / "drafts").mkdir()
    for name in ("photo.png", "notes.md", "old.txt", "drafts/old.png"):
        (folder / name).write_bytes(b"")
    drawn = {f"{name}.{suffix}" for name in ("shares", "old") for suffix in ("pdf", "svg", "png")}
    others = {"drafts", "photo.png", "notes.md", "old.txt"}
    charts.write_text(CHART)
    assert main(["figures", f"experiments={experiments}", "only=[shares]"]) == 0
    assert {path.name for path in folder.iterdir()} == drawn | others  # only= touches no other figure
    assert main(["figures", f"experiments={experiments}"]) == 0
    assert {path.name for path in folder.iterdir()} == {"shares.pdf", "shares.svg", "shares.png"} | others
    assert (folder / "drafts" / "old.png").exists()


def test_a_figure_that_is_not_drawn_again_keeps_what_the_manifest_says_of_it(experiments: Path) -> None:
    more = "  table: results/more.csv\n  title: More\n  caption: More.\n  command: c\n  x: system\n  y: share\n"
    (experiments / "question" / "figures.yaml").write_text(CHART + "more:\n" + more)
    (experiments / "question" / "results" / "more.csv").write_text("system,share\na,0.5\n")
    assert main(["figures", f"experiments={experiments}"]) == 0
    drawn = json.loads((experiments / "manifest.json").read_text())
    for name in ("shares", "more"):
        (experiments / "question" / "results" / f"{name}.csv").write_text("system,share\na,0.75\n")
    assert main(["figures", f"experiments={experiments}", "only=[more]"]) == 0
    again = json.loads((experiments / "manifest.json").read_text())
    assert again["shares"] == drawn["shares"] and again["more"] != drawn["more"]


def test_a_figure_of_a_gap_study_is_drawn_from_its_table(experiments: Path) -> None:
    folder = experiments / "question"
    table = "measure,r2_accuracy,r2_structure\nretrieval_ap,0.5,0.75\nece,,\n"
    (folder / "results" / "explained.csv").write_text(table)
    more = "  table: results/explained.csv\n  title: What explains\n  caption: More.\n  command: c\n  kind: gap\n"
    (folder / "figures.yaml").write_text(CHART + "explained:\n" + more)
    assert main(["figures", f"experiments={experiments}"]) == 0
    assert "retrieval" in (folder / "figures" / "explained.svg").read_text()


def test_the_manifest_ties_a_figure_to_its_table_and_what_that_was_made_from(experiments: Path) -> None:
    assert main(["figures", f"experiments={experiments}"]) == 0
    entry = json.loads((experiments / "manifest.json").read_text())["shares"]
    assert entry["table"] == "question/results/shares.csv"
    assert entry["table_digest"] == file_digest(experiments / entry["table"])
    assert (entry["command"], entry["made_from"]) == ("python make_shares.py", {"commit": "abc"})


@pytest.mark.parametrize(
    ("chart", "words", "message"),
    [
        (CHART.replace("y: share", "y: shar"), (), "results/shares.csv has no column 'shar'; did you mean 'share'?"),
        (CHART.replace("x: system", "ex: system"), (), "figure shares: "),
        (CHART.replace("  y: share\n", ""), (), "kind=bars needs the columns of both axes: give x and y"),
        (CHART + "  kind: gap\n", (), "a gap study draws no figure of a table 'results/shares.csv'; it draws systems"),
        (CHART.replace("shares.csv", "gone.csv"), (), "gone.csv cannot be read"),
        ("- 1", (), "describes no figures"),
        ("a: [", (), "is no YAML file"),
        (CHART, ("only=[share]",), "only= names the figure 'share', which there is not; did you mean 'shares'?"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    experiments: Path, capsys: pytest.CaptureFixture[str], chart: str, words: tuple[str, ...], message: str
) -> None:
    (experiments / "question" / "figures.yaml").write_text(chart)
    assert main(["figures", f"experiments={experiments}", *words]) in (1, 2)
    said = " ".join(capsys.readouterr().err.split())
    assert message in said
    assert "Traceback" not in said


def test_a_folder_without_figures_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", f"experiments={tmp_path}"]) == 2
    assert "describes no figures" in " ".join(capsys.readouterr().err.split())


def test_committed_figures_belong_to_the_committed_tables() -> None:
    root = Path(__file__).parents[2] / "experiments"
    manifest = json.loads(ExperimentsFolder(root).manifest_file.read_text())
    assert manifest
    for name, entry in manifest.items():
        assert entry["table_digest"] == file_digest(root / entry["table"]), name
        assert all((root / entry["figure"]).with_suffix(f".{suffix}").exists() for suffix in ("pdf", "svg", "png"))
    described = {path.parent.name for path in root.glob("*/figures.yaml")}
    assert described == {entry["table"].split("/")[0] for entry in manifest.values()}
