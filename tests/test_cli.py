import subprocess
import sys

import pytest

from slowpaths import __version__
from slowpaths.cli import VERBS, main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "slowpaths.cli", *arguments], capture_output=True, text=True)


def test_help_lists_every_verb(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {verb} " in text for verb in VERBS)


def test_without_arguments_it_is_wrong_usage(capsys):
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"slowpaths {__version__}\n"


def test_an_unknown_verb_is_one_sentence(capsys):
    assert main(["minee"]) == 2
    assert capsys.readouterr().err == "slowpaths: unknown verb 'minee'; did you mean 'mine'?\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mine", "footge=x"], "slowpaths mine: unknown key 'footge'; did you mean 'footage'?"),
        (["mine", "footage=x", "pose=openpose"], "slowpaths mine: unknown pose 'openpose'; choose one of auto,"),
        (["mine"], "slowpaths mine: footage= is missing: try `slowpaths mine footage=...`"),
        (["label", "mined=nowhere"], "slowpaths label: nowhere is no mined folder (no deliveries.parquet)"),
        (["label", "mined=x", "label_model=snorkel"], "slowpaths label: unknown label_model 'snorkel'; choose one of"),
        (["mine", "footage=[a"], "slowpaths mine: cannot read footage=[a: give a value with spaces"),
    ],
)
def test_wrong_calls_are_one_sentence_without_a_traceback(arguments, sentence):
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr + done.stdout
