"""`slowpaths review` through the command line, on a small made mined folder."""

from __future__ import annotations

import re

import pytest
from tests.review.mined import write_reviewable, write_said

from slowpaths.cli import main
from slowpaths.data.interchange.targets import TARGETS

EMBEDDED = '<script type="text/plain" data-clip='


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    return write_reviewable(tmp_path_factory.mktemp("review") / "set")


def test_the_page_lies_in_the_mined_folder_or_where_it_is_asked_for(mined, tmp_path, capsys):
    assert main(["review", f"mined={mined}"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "6 clips" in shown
    assert "embedded in the page" in shown
    assert EMBEDDED in (mined / "review.html").read_text()
    for out, page in (("p.html", "p.html"), ("pages", "pages/review.html")):
        assert main(["review", f"mined={mined}", f"out={tmp_path / out}", "embed=never"]) == 0
        assert EMBEDDED not in (tmp_path / page).read_text()


def test_a_model_is_shown_beside_the_labels(mined, tmp_path, capsys):
    said = write_said(tmp_path / "said.parquet", names=["v0-d0", "v1-d3"])
    assert main(["review", f"mined={mined}", f"predictions={said}", f"out={tmp_path}", "max_cards=3"]) == 0
    rows = [line.split("│")[1:3] for line in capsys.readouterr().out.splitlines() if "│" in line]
    table = {name.strip(): value.strip() for name, value in rows}
    assert (table["deliveries"], table["on the page"], table["with a model's opinion"]) == ("6", "3", "1")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "mined= is missing"),
        (["mined=nowhere"], 2, "mined=nowhere does not exist"),
        (["mined={bare}"], 1, "run `slowpaths label mined="),
        (["mined={mined}", "embed=maybe"], 2, "choose one of auto, always, never"),
        (["mined={mined}", "embed_limit_mb=much"], 2, "embed_limit_mb=much is not a number"),
        (["mined={mined}", "max_cards=0"], 2, "max_cards=0 shows nothing"),
        (["mined={mined}", "to=cvat"], 2, "to=cvat needs out="),
        (["mined={mined}", "to=word", "out=x"], 2, "to=word is unknown: choose one of page, cvat, labelstudio"),
        (["mined={mined}", "to=coco", "out=x"], 2, "to=coco is made of poses, and"),
        (["mined={mined}", "next=-1"], 2, "next=-1 is no number of deliveries"),
        (["mined={mined}", "predictions=gone.parquet"], 2, "gone.parquet does not exist"),
        (["mined={mined}", "predictions={mined}/labels.parquet"], 1, "holds the table 'labels'"),
        (["mined={mined}", "embd=never"], 2, "did you mean 'embed'?"),
    ],
)
def test_bad_input_is_one_sentence(mined, tmp_path, capsys, arguments, code, sentence):
    bare = write_reviewable(tmp_path, has_clips=False, has_labels=False)
    assert main(["review", *(argument.format(mined=mined, bare=bare) for argument in arguments)]) == code
    error = capsys.readouterr().err.strip()
    assert sentence in error
    assert len(error.splitlines()) == 1


def test_what_to_look_at_next_is_named_with_its_minutes_and_stands_first(mined, tmp_path, capsys):
    assert main(["review", f"mined={mined}", "next=3", f"out={tmp_path}", "max_cards=1"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "about 0.2 minutes at 5 s a clip" in shown  # 3 of 5 s
    page = (tmp_path / "review.html").read_text()
    assert sorted(int(rank) for rank in re.findall(r'"next":(\d)', page)) == [1, 2, 3]


@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if target.needs != "poses"])
def test_labels_are_written_for_other_tools(mined, tmp_path, capsys, target):
    assert main(["review", f"mined={mined}", f"to={target}", f"out={tmp_path}"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"note: {target} does not hold" in shown
    assert "there are fewer matches than parts: all of it is train" in shown
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    expected = "labels.parquet" if target == "croissant" else "v0-d0.mp4" if TARGETS[target].needs == "clips" else "cut"
    assert expected in written
