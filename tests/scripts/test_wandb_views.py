"""The views of W&B that a script builds, read as what would be sent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scripts import wandb_views
from slowpaths.evaluation.measures import SPECS

pytest.importorskip("wandb_workspaces", reason="the extra `workspaces` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its own


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr("requests.Session.request", lambda *_, **__: pytest.fail("the network was asked"))
    monkeypatch.setattr(sys, "argv", ["x", "--entity", "team", "--project", "cricket", "--json", str(tmp_path)])
    wandb_views.main()
    return {path.stem: path.read_text() for path in tmp_path.glob("*.json")}


def test_both_views_show_every_measure_and_every_curve(sent):
    assert sorted(sent) == ["report", "workspace"]
    wanted = [f"evaluate/{spec.name}" for spec in SPECS] + [
        name for names in wandb_views.CURVES.values() for name in names
    ]
    for name, text in sent.items():
        assert [key for key in wanted if f'"{key}"' not in text] == [], name
        assert "clips/panel" in text and "val_recall/.*" in text


def test_runs_stand_in_their_groups(sent):
    (runs,) = json.loads(sent["workspace"])["spec"]["section"]["runSets"]
    assert [(key["section"], key["name"]) for key in runs["grouping"]] == [("run", "group"), ("run", "jobType")]
    assert json.loads(sent["workspace"])["project"] == "cricket"
    assert wandb_views.WARNING.split(":")[0] in sent["report"]
