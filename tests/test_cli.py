import re
import subprocess
import sys

import pytest

from slowpaths import __version__
from slowpaths.cli import VERBS, main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "slowpaths", *arguments], capture_output=True, text=True)


def test_the_package_runs_as_the_command_does():
    done = subprocess.run([sys.executable, "-m", "slowpaths", "mien"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "slowpaths: unknown verb 'mien'; did you mean 'mine'?\n"


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
        (
            ["label", "mined=nowhere"],
            "slowpaths label: mined=nowhere does not exist: give the out= folder of",
        ),
        (["label", "mined=x", "label_model=snorkel"], "slowpaths label: unknown label_model 'snorkel'; choose one of"),
        (
            ["train", "mined=x", "experiment=ssl_tiny"],
            "slowpaths train: experiment=ssl_tiny sets 'objective', which `slowpaths train` does not take",
        ),
        (
            ["pretrain", "mined=x", "experiment=noise_aware"],
            "slowpaths pretrain: experiment=noise_aware sets 'relabel_folds', which `slowpaths pretrain` does not take",
        ),
        (["mine", "footage=[a"], "slowpaths mine: cannot read footage=[a: give a value with spaces"),
    ],
)
def test_wrong_calls_are_one_sentence_without_a_traceback(arguments, sentence):
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_lists_its_own_keys_and_choices_with_their_meaning(verb, capsys, monkeypatch):
    from slowpaths.apps import _fields

    monkeypatch.setenv("COLUMNS", "80")
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"slowpaths {verb}: ") and "Hydra" not in text
    listed = re.findall(r"^  ([\w.]+)=", text, flags=re.M)
    kind = _fields.settings_class(verb)
    own = {item.name for item in _fields.fields_of(kind)}
    assert {name.split(".")[0] for name in listed} - {"experiment"} <= own
    for item in _fields.fields_of(kind):
        if not any(name.startswith(f"{item.name}.") for name in listed):
            assert item.name in listed
            assert _fields.docs_of(kind)[item.name].split()[0] in text
    assert all(len(line) <= 80 for line in text.splitlines() if "=" not in line)


@pytest.mark.parametrize(
    "flags", [["-sc", "install=bash"], ["train", "-sc", "install=bash"], ["-sc", "uninstall=fish"]]
)
def test_a_shell_is_given_what_it_evaluates(flags, capsys):
    assert main(flags) == 0
    out = capsys.readouterr().out
    assert "slowpaths" in out if "install=bash" in flags else "complete -e -c slowpaths" in out


@pytest.mark.parametrize("flags", [["-sc"], ["-sc", "install=tcsh"], ["train", "-sc"]])
def test_a_shell_we_do_not_know_is_one_sentence(flags, capsys):
    assert main(flags) == 2
    assert capsys.readouterr().err.startswith('slowpaths -sc: give a shell: eval "$(slowpaths -sc install=bash)"')


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("slowpaths tr", ["train"]),
        ("slowpaths label label_model=m", ["label_model=majority"]),
        ("slowpaths mine mining.work_", ["mining.work_fps=", "mining.work_height="]),
        ("slowpaths label gol", ["gold="]),
        ("slowpaths label world", []),
        ("slowpaths nonesuch ", []),
    ],
)
def test_a_line_is_completed(line, found, capsys, monkeypatch):
    monkeypatch.setenv("COMP_LINE", line)
    assert main(["-sc", "query=fish"]) == 0
    assert capsys.readouterr().out.split() == found


def test_composing_mining_and_labelling_loads_no_network_library():
    code = (
        "import sys; from slowpaths.apps._compose import compose;"
        "[compose(verb, [], is_whole=False) for verb in ('mine', 'label', 'evaluate', 'review', 'world')];"
        "print([name for name in ('torch', 'lightning', 'wandb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
