"""What is typed wrongly is said in our words, by the name of the key and with the cure, on every verb."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.apps.refusal import refused
from tests.apps.test_launch import GIVEN

from slowpaths.apps import _fields
from slowpaths.cli import VERBS

FOREIGN = re.compile(
    r"OmegaConf|DictConfig|ListConfig|[Cc]onfig group|defaults list|subclass|full_key|search path|Dict\[|Settings\b"
    r"|Config\b|Interpolation|NoneType|not what it takes"
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def one_of(verb: str, is_wanted: Any) -> str | None:
    """Return the first key of a verb whose kind is as wanted."""
    found = (item.name for item in _fields.fields_of(_fields.settings_class(verb)) if is_wanted(item))
    return next(found, None)


@pytest.mark.parametrize("verb", VERBS)
def test_a_malformed_override_is_one_sentence_on_every_verb(verb, capsys):
    plain = one_of(verb, lambda item: isinstance(item.default, (str, int, float, Path)))
    group = one_of(verb, lambda item: _fields.is_settings(item.annotation) and item.default is not _fields.NO_DEFAULT)
    choice = one_of(verb, lambda item: item.annotation is Any and item.default is _fields.NO_DEFAULT)
    cases = {
        "=1": "'=1' names no key: give key=value",
        "nonesuch": "nonesuch has no value: give nonesuch=..., or leave it out",
        "+nonesuch": "+nonesuch has no value: give nonesuch=..., or leave it out",
        "+nonesuch=1": "unknown key 'nonesuch'",
        "nonesuch=1": "unknown key 'nonesuch'",
        "nonesuch.deep=1": "unknown key 'nonesuch.deep'",
        "nonesuch@deep=1": "unknown key 'nonesuch@deep'",
        "~nonesuch": "unknown key 'nonesuch'",
        f"{plain}=": f"{plain}= is empty: give a value, or leave it out",
        f"{plain}=''": f"{plain}",
        f"~{plain}": f"~{plain} takes away what `slowpaths {verb}` needs: leave it out, or give {plain}=...",
        f"+{plain}=1": f"{plain} is there already: leave out the + before it",
        f"{plain}.deep=1": f"unknown key '{plain}.deep': {plain} is ",
        f"{plain}=${{nonesuch}}": f"{plain}=${{nonesuch}} cannot be resolved (there is no nonesuch): give a value",
        f"{plain}=${{oc.env:NO_SUCH}}": f"{plain}=${{oc.env:NO_SUCH}} cannot be resolved",
        f"{plain}={{": f"cannot read {plain}={{",
    }  # fmt: skip
    if group:
        cases[f"{group}=5"] = f"{group}=5 is not a group of keys: give its keys, {group}.<name>=..."
        cases[f"{group}.nonesuch=1"] = f"unknown key '{group}.nonesuch'"
    if choice:
        cases[f"{choice}=5"] = f"unknown {choice} '5'; choose one of "
        cases[f"{choice}=null"] = f"unknown {choice} 'null'; choose one of "
        cases[f"~{choice}"] = f"~{choice} takes away"
    for text, sentence in cases.items():
        error = refused(capsys, verb, *GIVEN[verb], text)
        assert sentence in error and not FOREIGN.search(error), (text, error)


@pytest.mark.parametrize(
    ("verb", "text", "sentence"),
    [
        ("world", "fps=0", "unknown key 'fps'; did you mean 'world.fps'?"),
        ("world", "world.fps=0", "world.fps=0 is out of range: give a number from 5 to 120"),
        ("world", "world.width=641", "world.width=641 is odd, which H.264 cannot have: give 642"),
        ("world", "world.parts=5", "world.parts=5 is not a group of keys"),
        ("world", "world.parts.n.num_matches=0", "world.parts.n.num_matches=0 is out of range: give a number from 1"),
        ("world", "~world.fps", "~world.fps takes away what `slowpaths world` needs"),
        ("demo", "world.fps=0", "world.fps=0 is out of range"),
        ("label", "label_model.temperature=[1]", "label_model.temperature=[1] is not a number or a word"),
        ("label", "label_model.class_prior=5", "label_model.class_prior=5 is not a group of keys"),
        ("label", "label_model._target_=no.such.Thing", "label_model._target_=no.such.Thing cannot be imported"),
        ("train", "data.fractions=0.5", "data.fractions=[0.5] has the wrong length: give 3 values"),
        ("train", "loss.q=5", "unknown key 'loss.q'; loss=gce has 'loss.function.q'"),
        ("train", "lr=5", "unknown key 'lr'; did you mean 'optim.lr'?"),
        ("train", "init=", "init= is empty"),
        ("train", "init=''", "init= is empty"),
        ("train", "experiment=", "experiment= is empty"),
        ("train", "logger=[csv,foo]", "unknown logger 'foo'; choose one of csv, tensorboard, wandb"),
        ("train", "callbacks=[{_target_: no.such}]", "callbacks[0]._target_=no.such cannot be imported"),
        ("compare", "runs=", "runs= is missing: try `slowpaths compare runs=...`"),
    ],
)
@pytest.mark.parametrize("is_sweep", [False, True])
def test_the_key_is_named_as_it_was_typed(capsys, verb, text, sentence, is_sweep):
    words = ["-m", "out=a"] if is_sweep else []
    given = [word for word in GIVEN[verb] if (verb, word) != ("compare", "runs=r")]
    error = refused(capsys, verb, *given, *(words if verb != "label" else words[:1]), text)
    assert sentence in error and not FOREIGN.search(error)


def test_options_of_ones_own_are_among_the_choices(capsys, tmp_path, monkeypatch):
    (tmp_path / "own" / "label_model").mkdir(parents=True)
    (tmp_path / "own" / "label_model" / "mine.yaml").write_text("_target_: builtins.dict\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    error = refused(capsys, "label", "--config-dir", str(tmp_path / "own"), "mined=m", "label_model=nonesuch")
    assert "unknown label_model 'nonesuch'; choose one of" in error and ", mine" in error


def test_a_key_of_a_chosen_option_is_found(capsys):
    error = refused(capsys, "train", "mined=m", "loss=gce", "loss.q=5")
    assert "unknown key 'loss.q'; did you mean 'loss.function.q'?" in error
