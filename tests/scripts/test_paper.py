from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.browser import find_chromium

from scripts import paper


@pytest.fixture
def root(tmp_path: Path) -> Path:
    results = tmp_path / "experiments" / "naming" / "results"
    results.mkdir(parents=True)
    (results / "measures.csv").write_text('set,voices,value,low,high\na,"one, two",0.3784,0.3333,0.4239\na,one,0.2,,\n')
    return tmp_path


def test_numbers_come_from_the_one_row_that_is_named(root: Path) -> None:
    source = (
        "Right are {naming/measures: value; set=a; voices=one, two} ({naming/measures: low..high:3; voices=one, two})."
    )
    assert paper.fill(source, root) == "Right are .38 (.333 to .424)."


@pytest.mark.parametrize(
    "source", ["{naming/measures: value; set=a}", "{naming/measures: value; set=b}", "{naming measures}", "{.38}"]
)
def test_a_name_that_belongs_to_no_single_row_is_refused(root: Path, source: str) -> None:
    with pytest.raises(ValueError, match=re.escape(source)):
        paper.fill(source, root)


def test_no_result_of_the_paper_is_typed() -> None:
    results = paper.SOURCE.read_text().partition("## Results")[2].partition("## What did not work")[0]
    typed = re.findall(r"(?<![\w.])\.\d+", paper.NUMBER.sub("", results))
    assert typed == [".95"]  # what was wanted
    assert len(paper.NUMBER.findall(results)) > 30


@pytest.mark.browser
def test_a_page_is_printed(tmp_path: Path) -> None:
    if find_chromium() is None:
        pytest.skip("there is no Chromium")
    page = tmp_path / "index.html"
    page.write_text("<h1>A paper</h1>" + "<p>One line.</p>" * 200)
    printed = paper.print_page(page)
    assert printed == tmp_path / "index.pdf" and printed.read_bytes().startswith(b"%PDF")


def test_what_cannot_be_printed_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="is not there: build it with `make docs`"):
        paper.print_page(tmp_path / "index.html")
    (tmp_path / "index.html").write_text("<h1>A paper</h1>")
    monkeypatch.setattr(paper.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"needs chromium or .*print .*index\.html from any browser"):
        paper.print_page(tmp_path / "index.html")
