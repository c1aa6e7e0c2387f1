from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.data.mined import write_mined, write_voices

from slowpaths.core.errors import UsageError
from slowpaths.core.records import Vote
from slowpaths.core.strokes import STROKES
from slowpaths.models.training_set import TrainingSet
from slowpaths.store.mined_folder import MinedFolder, RuleDeclaration

RULES = {
    "a.x": RuleDeclaration(family="a", votes={"drive": frozenset({"cover_drive", "on_drive"})}),
    "b.y": RuleDeclaration(family="b", votes={"sweep": frozenset({"sweep"})}),
}
VOTES = [
    Vote(delivery_id="d2", rule="a.x", symbol="drive", evidence="", weight=0.5),
    Vote(delivery_id="other", rule="b.y", symbol="sweep", evidence=""),
]


def test_votes_stand_in_the_row_of_their_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MinedFolder, "rules", lambda self: RULES)
    monkeypatch.setattr(MinedFolder, "votes", lambda self: VOTES)
    found = TrainingSet(probs_NC=torch.zeros(2, 14), delivery_ids=["d1", "d2"], mined=tmp_path).votes()
    assert found.weight_NR.tolist() == [[0, 0], [0.5, 0]]
    assert found.set_NR[0].tolist() == [0, 0]
    assert found.sets_SC[0].sum() == 0  # an abstention names nothing
    named_C = found.sets_SC[found.set_NR[1, 0]]
    assert {STROKES[place] for place in named_C.nonzero().flatten()} == {"cover_drive", "on_drive"}


def test_clips_of_no_folder_have_no_votes() -> None:
    with pytest.raises(UsageError, match="learns from votes of rules"):
        TrainingSet(probs_NC=torch.zeros(2, 14)).votes()


def test_what_a_voice_says_stands_in_the_row_of_its_clip(tmp_path: Path) -> None:
    folder = write_mined(tmp_path / "mined", num_matches=1, clips_a_match=3, size=32)
    clips = TrainingSet(probs_NC=torch.zeros(2, 14), delivery_ids=["v0-d002", "v0-d000"], mined=folder)
    with pytest.raises(UsageError, match=r"voices\.parquet holds nothing that the student says.*, or do without$"):
        clips.voice("student", otherwise="do without")
    write_voices(folder, {"teacher": 3, "student": 5})
    said_NC = clips.voice("student", otherwise="do without")
    assert said_NC.dtype == torch.float32
    assert said_NC[0].nonzero().flatten().tolist() == [5] and said_NC[0, 5] == 1
    assert said_NC[1].sum() == 0  # it says nothing of the first delivery
    with pytest.raises(UsageError, match="speaks of the clips of a mined folder"):
        TrainingSet(probs_NC=torch.zeros(2, 14)).voice("student", otherwise="do without")
