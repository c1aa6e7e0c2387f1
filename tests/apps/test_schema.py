"""Configuration is typed by the code it configures, ours and a user's; one way leads back to the object."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from omegaconf import OmegaConf

from slowpaths.apps import _fields, _launch, _schema, _values
from slowpaths.core.errors import UsageError

MODULE = '''
from pathlib import Path

class Own:
    """A label model of a user.

    Args:
        strength: How much.
        table: A file.
    """

    def __init__(
        self, *, num_classes, strength: float = 2.0, table: Path | None = None, shares: tuple[float, ...] = (1.0,)
    ):
        self.given = (num_classes, strength, table, shares)

def fails(*, strength: float = 1.0):
    raise ZeroDivisionError("inside")
'''


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """Return a folder of options with one of a user's own class."""
    (tmp_path / "own_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_parts", raising=False)
    (tmp_path / "confs" / "label_model").mkdir(parents=True)
    (tmp_path / "confs" / "label_model" / "mine.yaml").write_text("_target_: own_parts.Own\nstrength: 3\n")
    return tmp_path / "confs"


def composed(folder: Path, *overrides: str) -> Any:
    words = [f"hydra.searchpath=['file://{folder}']", "mined=m", *overrides]
    return _launch.compose("label", words)


def test_an_option_file_of_a_user_is_typed_by_their_class(own):
    cfg = composed(own, "label_model=mine", "label_model.shares=[0.5,2]")
    assert _launch.plain(cfg)["label_model"] == {
        "_target_": "own_parts.Own", "strength": 3.0, "table": None, "shares": [0.5, 2.0],
    }  # fmt: skip
    made = _values.instantiate(cfg.label_model, num_classes=14)
    assert made.given == (14, 3.0, None, (0.5, 2.0))
    made = _values.instantiate(composed(own, "label_model=mine", "label_model.table=a.csv").label_model, num_classes=1)
    assert made.given[2] == Path("a.csv")


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("label_model.strength=much", "label_model.strength=much is not a number"),
        ("label_model.strengths=1", "unknown key 'label_model.strengths'"),
        ("label_model.num_classes=1", "unknown key 'label_model.num_classes'"),  # the app gives it
    ],
)
def test_a_wrong_key_or_value_of_a_users_class_is_refused_when_composed(own, override, sentence):
    with pytest.raises(UsageError, match=sentence):
        composed(own, "label_model=mine", override)


def test_a_target_on_the_command_line_brings_its_own_keys(own):
    cfg = composed(own, "label_model._target_=own_parts.Own", "label_model.strength=5")
    assert _values.instantiate(cfg.label_model, num_classes=2).given[1] == 5.0
    with pytest.raises(UsageError, match=r"label_model.strength=x is not a number"):
        composed(own, "label_model._target_=own_parts.Own", "label_model.strength=x")


def test_a_target_inside_a_group_brings_its_own_keys_too(own):
    words = ("mined=m", "loss.function._target_=own_parts.fails")
    cfg = _launch.compose("train", [*words, "loss.function.strength=5"])
    assert _launch.plain(cfg)["loss"]["function"] == {"_target_": "own_parts.fails", "strength": 5.0}
    with pytest.raises(UsageError, match=r"loss.function.strength=x is not a number"):
        _launch.compose("train", [*words, "loss.function.strength=x"])
    with pytest.raises(UsageError, match=r"unknown key 'optim.optimiser.momentum'"):
        _launch.compose("train", ["mined=m", "optim.optimiser._target_=own_parts.fails", "optim.optimiser.momentum=1"])


def test_a_wrong_file_is_named_with_its_key(own):
    path = own / "label_model" / "mine.yaml"
    for line, sentence in (
        ("strength: much", "strength=much is not a number"),
        ("strengths: 1", "unknown key 'strengths'"),
    ):
        path.write_text(f"_target_: own_parts.Own\n{line}\n")
        with pytest.raises(UsageError, match=f"label_model/mine.yaml: {sentence}"):
            composed(own, "label_model=mine")
    path.write_text("_target_: own_parts.Nobody\n")
    with pytest.raises(UsageError, match=r"own_parts.Nobody cannot be imported"):
        composed(own, "label_model=mine")


def test_instantiate_says_what_is_missing_and_lets_errors_of_the_class_through(own):
    with pytest.raises(UsageError, match="cannot be called so: missing a required argument: 'num_classes'"):
        _values.instantiate({"_target_": "own_parts.Own"}, key="label_model")
    with pytest.raises(ZeroDivisionError, match="inside"):
        _values.instantiate({"_target_": "own_parts.fails"})


def test_what_hydra_forbids_to_call_stays_forbidden(tmp_path):
    victim = tmp_path / "kept.txt"
    victim.write_text("kept")
    with pytest.raises(UsageError, match=r"os.remove may not be called from a configuration"):
        _values.instantiate({"_target_": "os.remove", "path": str(victim)})
    assert victim.exists()


@dataclass(frozen=True, kw_only=True)
class Inner:
    """Hold what is inside.

    Args:
        size: Pixels, and a sentence
            that goes on.
        mode: One of two.
    """

    size: int = 3
    mode: Literal["a", "b"] = "a"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"inner.size={self.size} is too small: give 1 or more")


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Hold all kinds of values."""

    path: Path
    pair: tuple[float, float] = (0.5, 1.0)
    workers: int | Literal["auto"] = "auto"
    limit: float | None = None
    shares: Mapping[str, float] | None = None
    inner: Inner = Inner(size=4)
    parts: Mapping[str, Inner] = field(default_factory=dict)
    anything: Any = None


def test_settings_go_to_a_node_and_back():
    node = OmegaConf.structured(_schema.schema(Outer))
    assert OmegaConf.is_missing(node, "path") and node.inner.size == 4 and node.pair == [0.5, 1.0]
    merged = OmegaConf.merge(
        node, {"path": "~/x", "pair": [0, 1], "shares": {"cut": 2}, "parts": {"p": {"size": 7}}, "inner": {"mode": "b"}}
    )
    assert _values.build(Outer, merged) == Outer(
        path=Path.home() / "x", pair=(0.0, 1.0), shares={"cut": 2.0}, inner=Inner(size=4, mode="b"),
        parts={"p": Inner(size=7)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"pair": [0.5]}, r"k.pair=\[0.5\] has the wrong length: give 2 values"),
        ({"workers": "lots"}, "k.workers=lots is not a whole number or auto"),
        ({"inner": {"mode": "c"}}, "k.inner.mode=c is unknown: choose one of a, b"),
        ({"inner": {"size": 0}}, "inner.size=0 is too small"),
        ({"parts": {"p": {"mode": "c"}}}, "k.parts.p.mode=c is unknown"),
        ({"shares": {"cut": "x"}}, "k.shares"),
        ({"limit": True}, "k.limit=true is not a number or null"),
    ],
)
def test_what_a_schema_lets_pass_is_refused_with_its_full_name(values, sentence):
    with pytest.raises(UsageError, match=sentence):
        _values.check(Outer, values, key="k")


def test_docs_of_arguments_come_from_the_docstring():
    assert _fields.docs_of(Inner) == {"size": "Pixels, and a sentence that goes on.", "mode": "One of two."}
