from __future__ import annotations

import re
from pathlib import Path

import pytest

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
