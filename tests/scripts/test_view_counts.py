"""One small network by 1, 3 and 30 views; the verb runs in this process."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from tests.apps.test_training import SMALL
from tests.data.mined import write_mined

from scripts import view_counts
from slowpaths.cli import main
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own


def test_a_row_is_a_number_of_views_of_held_out_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mined, run = write_mined(tmp_path / "mined", num_matches=4, clips_a_match=2, size=64), tmp_path / "run"
    words = (*SMALL, "data.batch_size=4", "data.fractions=[.5,.25,.25]", "trainer.max_epochs=1")
    assert main(["train", f"mined={mined}", f"out={run}", *words]) == 0
    clips = MinedFolder(mined).labels()
    truth = tmp_path / "truth.csv"
    lines = [f"m{match}/v{match}.mp4,{10 * ball + 2},leave" for match in range(4) for ball in range(2)]
    truth.write_text("\n".join(["video,impact_s,label", *lines]) + "\n")

    asked = []

    def verb(*said: object) -> None:
        asked.append(said[0])
        assert main([*map(str, said)]) == 0

    monkeypatch.setattr(view_counts, "run_verb", verb)
    out, table = tmp_path / "out", tmp_path / "results" / "views.csv"
    given = {
        "ckpt": RunFolder(run).last_checkpoint,
        "mined": mined,
        "truth": truth,
        "out": out,
        "table": table,
    }
    monkeypatch.setattr(sys, "argv", ["view_counts", *(w for k, v in given.items() for w in (f"--{k}", str(v)))])
    for _ in range(2):  # the second time everything is there
        view_counts.main()
    assert asked == ["evaluate"] * 3
    rows = list(csv.DictReader(table.open()))
    assert [row["views"] for row in rows] == ["1", "3", "30"]
    assert {row["clips"] for row in rows} == {"2"}  # of eight, those of the match that tests
    assert len({row["nll"] for row in rows}) == 3 and all(0 <= float(row["top1"]) <= 1 for row in rows)
    one = {row.delivery_id: row for row in read_predictions(RunFolder(out / "1").predictions)}
    assert one.keys() == {clip.delivery_id for clip in clips}
