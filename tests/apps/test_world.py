"""`slowpaths world` through the command line: the same bytes twice, and what cannot be filmed is one sentence."""

from __future__ import annotations

import pytest

from slowpaths.cli import main
from slowpaths.core.ids import file_digest

SMALL = ["world=tiny", "world.fps=10", "world.width=96", "world.height=64", "world.has_sound=false"]
ONE = [*SMALL, "world.parts.t.num_matches=1", "world.parts.t.balls_per_match=1", "world.parts.n.balls_per_match=1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "w"
    assert main(["world", *ONE, "seed=7", f"out={folder}", "workers=1"]) == 0
    return folder


def digests(folder):
    return {path.relative_to(folder): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_makes_the_same_bytes(made, tmp_path, capsys):
    assert main(["world", *ONE, "seed=7", f"out={tmp_path / 'w'}", "workers=1"]) == 0
    assert digests(tmp_path / "w") == digests(made)
    assert "truth.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("seed=abc", "seed=abc is not a whole number"),
        ("seed=8", "holds another world: choose another out= folder"),
        ("world=huge", "unknown world 'huge'; choose one of"),
        ("world.width=-3", "world.width=-3 is out of range: give a number from 64 to 3840"),
        ("world.parts.t.strokes=[dilscoop]", "unknown stroke 'dilscoop'"),
        ("world.parts.t.cameras=[drone]", "unknown camera 'drone'"),
        ("world.parts.t.venues=[lords]", "unknown venue 'lords'"),
        ("workers=0", "workers=0 does nothing: give 1 or more, or auto"),
    ],
)
def test_what_cannot_be_made_is_one_sentence_and_nothing_is_overwritten(made, capsys, change, sentence):
    before = digests(made)
    assert main(["world", *ONE, "seed=7", f"out={made}", change]) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.startswith("slowpaths world: ") and error.count("\n") == 1
    assert digests(made) == before
