from __future__ import annotations

import re
import subprocess
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


def _steps() -> list[list[str]]:
    listed = subprocess.run(
        ["bash", str(paper.ROOT / "scripts" / "paper.sh"), "--list"], capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    return [line.split("\t") for line in listed.stdout.splitlines()]


def test_every_step_of_make_paper_is_there() -> None:
    steps = _steps()
    assert len({name for name, *_ in steps}) == len(steps)
    for _, state, command in steps:
        assert state in ("done", "open")
        modules = re.findall(r"python -m (scripts[\w.]+)", command)
        files = [*re.findall(r"python (scripts/\S+\.py)", command), *(m.replace(".", "/") + ".py" for m in modules)]
        assert all((paper.ROOT / file).is_file() for file in files), command


def test_make_paper_makes_every_table_that_the_paper_takes_a_number_from() -> None:
    """Scripts write below the folder of their experiment, which their step names or they do by default."""
    commands = "\n".join(command for *_, command in _steps())
    modules = [name.replace(".", "/") + ".py" for name in re.findall(r"python -m (scripts[\w.]+)", commands)]
    files = {*re.findall(r"(scripts/\w+\.py)", commands), *modules}
    text = commands + "".join((paper.ROOT / file).read_text() for file in files)
    taken = {match["experiment"] for match in paper.NUMBER.finditer(paper.SOURCE.read_text())}
    missing = [name for name in sorted(taken) if f"{name}/results" not in text]
    assert len(taken) > 5 and not missing


def test_a_step_that_is_done_is_not_run_again_and_one_that_fails_is_not_done(tmp_path: Path) -> None:
    """The steps of a copy of the script whose programs are stubs: the second of them fails once."""
    stub = tmp_path / "bin"
    stub.mkdir()
    log, once = tmp_path / "log", tmp_path / "once"
    for name in ("slowpaths", "python"):
        fails = f'[[ "$*" == *label_model=dawid* && ! -e {once} ]] && {{ touch {once}; exit 1; }}'
        words = f'echo {name} "$@" >> {log}\n{fails}'
        (stub / name).write_text(f"#!/usr/bin/env bash\n{words}\nexit 0\n")
        (stub / name).chmod(0o755)
    (tmp_path / "shared" / "poses").mkdir(parents=True)
    how = {"cwd": tmp_path, "capture_output": True, "text": True, "env": {"PATH": f"{stub}:/usr/bin:/bin"}}
    command = ["bash", str(paper.ROOT / "scripts" / "paper.sh"), "shared"]
    assert subprocess.run(command, **how).returncode == 1
    done = {path.name for path in (tmp_path / "runs" / "paper").iterdir()}
    assert done == {"sequences", "sequences_majority", "sequences_naive_bayes"}
    log.unlink()
    subprocess.run(command, **how)  # stops at the first table that no stub writes
    assert (
        log.read_text().splitlines()[0].startswith("slowpaths label mined=runs/pose_sequences label_model=dawid_skene")
    )
