import json

import pytest
from tests.review.mined import PLAN, VIDEOS, write_reviewable, write_said

from slowpaths.core.errors import TableError
from slowpaths.review.deck import find_clips, read_deck
from slowpaths.store.mined_folder import ClipSpec, MinedFolder
from slowpaths.store.schema import FOOTAGE


def test_a_deck_holds_the_folder_in_order_of_video_and_time(tmp_path):
    deck = read_deck(write_reviewable(tmp_path / "set"))
    assert [card.delivery_id for card in deck.cards] == list(PLAN)
    assert (deck.name, deck.num_deliveries, deck.num_videos, deck.num_quarantined) == ("set", 6, 3, 1)
    assert dict(deck.labels) == {"cover_drive": 2, "cut": 2, "sweep": 1, "leave": 1}
    assert dict(deck.kept) == {"cover_drive": 2, "cut": 2}
    assert deck.lineage == {"label model": "hierarchical", "label set": "abc", "rule set": "r123", "model": ""}
    assert deck.clip == ClipSpec(fps=25, num_frames=52, size=64, impact_frame=30)
    by_id = {card.delivery_id: card for card in deck.cards}
    assert by_id["v1-d3"].video == VIDEOS["v1"]
    assert {name for name, card in by_id.items() if card.conflict > 0} == {"v1-d3"}
    assert all(card.has_clip for card in deck.cards)


def test_a_large_set_is_thinned_evenly_and_counted_whole(tmp_path):
    deck = read_deck(write_reviewable(tmp_path, has_clips=False), max_cards=3)
    assert [card.delivery_id for card in deck.cards] == ["v0-d0", "v0-d2", "v1-d4"]
    assert (deck.num_deliveries, sum(deck.labels.values())) == (6, 6)
    assert len(read_deck(tmp_path, max_cards=4).cards) == 3


def test_a_delivery_whose_video_is_not_in_the_footage_is_one_sentence(tmp_path):
    mined = MinedFolder(write_reviewable(tmp_path / "set", has_clips=False))
    mined.write(FOOTAGE, mined.read(FOOTAGE).slice(1))
    with pytest.raises(
        TableError, match=r"footage\.parquet lacks the video 'v0' of a delivery: mine the footage again"
    ):
        read_deck(mined.path)


def test_a_model_speaks_beside_the_labels_or_alone(tmp_path):
    mined = write_reviewable(tmp_path / "set", has_clips=False)
    said = write_said(tmp_path / "said.parquet", names=["v0-d0", "v0-d1"])
    deck = read_deck(mined, predictions=said)
    assert [card.model.confidence for card in deck.cards if card.model] == [0.7, 0.7]
    assert (deck.lineage["model"], deck.clip) == ("m0", None)
    alone = read_deck(write_reviewable(tmp_path / "bare", has_clips=False, has_labels=False), predictions=said)
    assert (alone.cards[0].label, alone.cards[0].model.label) == (None, "cut")
    assert alone.lineage == {"label model": "", "label set": "", "rule set": "", "model": "m0"}


def test_an_id_never_leads_out_of_the_folder_of_clips(tmp_path):
    write_reviewable(tmp_path)
    (tmp_path / "secret.mp4").write_bytes(b"x")
    assert list(find_clips(MinedFolder(tmp_path), ["v0-d0", "../secret", "gone"])) == ["v0-d0"]


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("deliveries.parquet", "is no mined folder"),
        ("footage.parquet", "footage.parquet does not exist"),
        ("shots.parquet", "shots.parquet does not exist"),
        ("labels.parquet", "labels.parquet does not exist: run `slowpaths label mined="),
        ("votes.parquet", "votes.parquet does not exist: run `slowpaths label mined="),
        ("rules.json", "does not declare rules: run `slowpaths label`"),
    ],
)
def test_a_missing_table_is_one_sentence_with_its_cure(tmp_path, missing, sentence):
    (write_reviewable(tmp_path, has_clips=False) / missing).unlink()
    with pytest.raises(TableError) as caught:
        read_deck(tmp_path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_something_else_are_named(tmp_path):
    write_reviewable(tmp_path, has_clips=False)
    (tmp_path / "rules.json").write_text(json.dumps({"a.b": {"family": "a", "votes": {"x": ["hoick"]}}}))
    with pytest.raises(TableError, match="unknown stroke 'hoick'"):
        read_deck(tmp_path)
    write_reviewable(tmp_path, has_clips=False)
    (tmp_path / "dataset.json").write_text("[1")
    with pytest.raises(TableError, match=r"dataset\.json is not readable JSON"):
        read_deck(tmp_path)


def test_predictions_of_another_folder_or_of_several_models_are_refused(tmp_path):
    mined = write_reviewable(tmp_path / "set", has_clips=False)
    with pytest.raises(TableError, match="names no delivery of this mined folder"):
        read_deck(mined, predictions=write_said(tmp_path / "a.parquet", names=["w-d0"]))
    with pytest.raises(TableError, match="holds 2 models"):
        read_deck(mined, predictions=write_said(tmp_path / "b.parquet", models=2))
    with pytest.raises(TableError, match=r"none\.parquet does not exist"):
        read_deck(mined, predictions=tmp_path / "none.parquet")
