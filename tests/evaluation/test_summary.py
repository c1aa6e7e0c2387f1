"""The table of the whole road: the right numbers from the right reports, and what was not measured says so."""

from __future__ import annotations

from pathlib import Path

from slowpaths.evaluation.summary import summarise, to_markdown

FOUND = ("mining_recall_live_near", "mining_precision_live_near", "mining_precision_near", "impact_within_2",
         "impact_within_2_live", "striker", "striker_pck", "handedness",
         "top1", "rule_votes", "top1_kept")  # fmt: skip
NAMED = ("top1", "macro_f1", "profile_fidelity", "retrieval_ap", "review_minutes", "review_reachable",
         "decision_utility")  # fmt: skip


def report(names, **values) -> dict:
    blank = {"value": None, "chance": None, "constant": None, "num": 0}
    return {"measures": {name: {**blank, **values.get(name, {})} for name in names}}


def test_every_number_comes_from_its_report():
    rows = summarise(
        labels=report(
            FOUND,
            mining_recall_live_near={"value": 0.9, "num": 20},
            mining_precision_live_near={"value": 0.96, "num": 25},
            impact_within_2_live={"value": 0.85, "num": 18},
            top1={"value": 0.7, "constant": 0.2, "num": 24},
            top1_kept={"value": 0.8, "constant": 0.25, "num": 12},
            handedness={"value": 1.0, "constant": 1.0, "num": 20},
        ),
        majority=report(("top1",), top1={"value": 0.4}),
        model=report(
            NAMED, top1={"value": 0.31, "constant": 0.21, "num": 6}, review_minutes={"value": 3.25, "chance": 40.0}
        ),
    )
    cells = {row.measure: row.cells() for row in rows}
    assert cells["live balls found"][2:] == ["90.0%", "", "20"]
    assert cells["live claims that are no ball"][2] == "4.0%"
    assert cells["stroke named right"][2:] == ["70.0%", "40.0% majority vote", "24"]
    assert cells["kept for training, right"][2:4] == ["80.0%", "25.0% most frequent stroke"]
    assert cells["handedness right"][2:4] == ["100.0%", "100.0% the more frequent hand"]
    assert cells["held-out stroke named right"][2:] == ["31.0%", "21.0% most frequent stroke", "6"]
    assert cells["minutes to find 95 % of a stroke"][2:4] == ["3.2", "40.0 watching everything"]
    assert cells["impact within 2 frames, live"][2:] == ["85.0%", "", "18"]
    assert cells["the same, replays too"][2] == "not measured"
    assert [row.question for row in rows if row.question] == [
        "what was found", "how right the labels are", "how right the model is", "how useful",
    ]  # fmt: skip


def test_the_report_leads_to_the_details(tmp_path: Path):
    figures = tmp_path / "evaluation" / "model" / "figures"
    figures.mkdir(parents=True)
    (figures / "confusion.png").write_bytes(b"")
    (tmp_path / "evaluation" / "model" / "report.md").write_text("# Report")
    text = to_markdown(
        summarise(labels=report(FOUND), majority=report(("top1",)), model=report(NAMED)), folder=tmp_path
    )
    assert "(review.html)" in text and "[model](evaluation/model/report.md)" in text
    assert "![confusion](evaluation/model/figures/confusion.png)" in text
