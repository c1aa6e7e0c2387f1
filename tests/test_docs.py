"""Documents tell the truth: every command composes, every table lists the columns the code writes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from slowpaths.apps._launch import compose
from slowpaths.cli import VERBS
from slowpaths.core.features import FEATURES
from slowpaths.store.schema import FEATURE_PREFIX, PROB_PREFIX, TABLES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "experiments").rglob("*.md"))]
BLOCKS = [(page, block) for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.S)]
COMMANDS = [
    (page.relative_to(ROOT).as_posix(), line.strip())
    for page, block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]
INLINE = [
    (page.relative_to(ROOT).as_posix(), command)
    for page in PAGES
    for command in re.findall(r"`(slowpaths [a-z]+ [^`\n]*)`", page.read_text())
]


@pytest.mark.parametrize(("page", "command"), COMMANDS + INLINE)
def test_every_command_is_one_that_runs(page, command):
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M)
        assert set(words[1:]) <= set(targets)
        return
    if words[0] == "python":
        script = (ROOT / words[1]).read_text()
        assert all(f'"{word}"' in script for word in words[2:] if word.startswith("--"))
        return
    assert words[0] == "slowpaths", f"{page} holds a command that no test knows: {command}"
    assert words[1] in VERBS
    overrides = [word for word in words[2:] if not word.startswith("-")]
    overrides = [override for override in overrides if override not in ("job", "...")]
    is_sweep = "-m" in words
    compose(words[1], [item.split(",")[0] if is_sweep else item for item in overrides], is_whole=False)


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_page_lists_every_column(name):
    text = (ROOT / "docs" / "tables.md").read_text()
    section = re.search(rf"^## {name}, version {TABLES[name].version}\n(.*?)(?=^## )", text, flags=re.S | re.M)
    assert section is not None
    listed = re.findall(r"^\| `(\w+)` \|", section[1], flags=re.M)
    columns = TABLES[name].schema.names
    assert listed == [column for column in columns if not column.startswith((FEATURE_PREFIX, PROB_PREFIX))]


def test_the_tables_page_lists_every_feature_as_the_code_describes_it():
    text = (ROOT / "docs" / "tables.md").read_text()
    for item in FEATURES:
        row = f"| `{item.name}` | {item.unit} | {item.end_on:g} | {item.side_on:g} | {item.meaning} |"
        assert row in text


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
