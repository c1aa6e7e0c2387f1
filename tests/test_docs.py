"""Documents tell the truth: every command composes, every table lists the columns the code writes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from scripts import generate_docs
from slowpaths.apps._help import verb_reference
from slowpaths.apps._launch import compose
from slowpaths.cli import VERBS
from slowpaths.store.schema import TABLES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "experiments").rglob("*.md"))]
BLOCKS = [(page, block) for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.S)]
COMMANDS = [
    (page.relative_to(ROOT).as_posix(), line.strip())
    for page, block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]
LAUNCHERS = {"basic", "joblib", "submitit_local", "submitit_slurm"}
INLINE = [
    (page.relative_to(ROOT).as_posix(), command)
    for page in PAGES
    for command in re.findall(r"`(slowpaths [a-z]+ [^`\n]*)`", page.read_text())
]


@pytest.mark.parametrize(("page", "command"), COMMANDS + INLINE)
def test_every_command_is_one_that_runs(page, command, monkeypatch):
    words = shlex.split(command, comments=True)
    if words[0].startswith("PYTHONPATH="):
        monkeypatch.syspath_prepend(str(ROOT / words.pop(0).partition("=")[2]))
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M)
        assert set(words[1:]) <= set(targets)
        return
    if words[0] == "python":
        if words[1] == "-m":
            words[1:3] = [words[2].replace(".", "/") + ".py"]
        texts = _with_what_it_imports(ROOT / words[1])
        assert all(f'"{word}"' in texts for word in words[2:] if word.startswith("--"))
        return
    if words[:2] == ["bash", "scripts/cluster.sh"]:
        assert words[2].isdecimal()
        words = ["slowpaths", "mine", *words[3:], f"part=1/{words[2]}"]
    assert words[0] == "slowpaths", f"{page} holds a command that no test knows: {command}"
    assert words[1] in VERBS
    if "--config-dir" in words:
        at = words.index("--config-dir")
        words[at : at + 2] = [f"hydra.searchpath=['file://{ROOT / words[at + 1]}']"]
    overrides = [word for word in words[2:] if not word.startswith("-")]
    overrides = [override for override in overrides if override not in ("job", "...")]
    launchers = [word.partition("=")[2] for word in overrides if word.startswith("hydra/launcher=")]
    assert set(launchers) <= LAUNCHERS
    overrides = [word for word in overrides if not word.startswith(("hydra/launcher=", "hydra.launcher."))]
    is_sweep = "-m" in words
    compose(words[1], [item.split(",")[0] if is_sweep else item for item in overrides], is_whole=False)


def _with_what_it_imports(script: Path) -> str:
    """Return the text of a script and of the scripts it imports: options may be declared in what several share."""
    text = script.read_text()
    names = re.findall(r"^from (scripts[\w.]+) import", text, flags=re.M)
    return text + "".join((ROOT / f"{name.replace('.', '/')}.py").read_text() for name in names)


def test_the_generated_pages_are_what_the_code_says_today():
    pages = generate_docs.pages()
    stale = [name for name, text in pages.items() if (ROOT / "docs" / name).read_text() != text]
    assert not stale, "run `make docs` and commit what it changed"
    assert {path.name for path in (ROOT / "docs" / "verbs").iterdir()} == {
        Path(name).name for name in pages if "/" in name
    }


def test_every_column_and_key_has_a_meaning():
    for name in TABLES:
        assert all(meaning for _, _, meaning in generate_docs._columns(name)), name
    for verb in VERBS:
        bare = [key for key, _, meaning in verb_reference(verb).keys if not meaning]
        assert all(re.search(r"class_prior\.|world\.parts\.", key) for key in bare), (verb, bare)


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
