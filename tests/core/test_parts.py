from __future__ import annotations

from fractions import Fraction

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import arguments_of, build, locate, target_of


def test_a_part_is_called_with_its_arguments_and_the_callers():
    part = {"_target_": "fractions.Fraction", "denominator": 4}
    assert build(part, key="k", numerator=3) == Fraction(3, 4)
    assert build(part, 6, key="k") == Fraction(3, 2)
    assert build({"_target_": "fractions.Fraction.from_float"}, 0.5, key="k") == Fraction(1, 2)
    assert (target_of(part, key="k"), arguments_of(part)) == ("fractions.Fraction", {"denominator": 4})


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"denominator": 4}, r"^k\._target_ is missing: give"),
        ({"_target_": "Fraction"}, r"^k\._target_ is missing: give"),
        ({"_target_": 3}, r"^k\._target_ is missing: give"),
        ({"_target_": "fractions.Friction"}, "_target_=fractions.Friction cannot be imported .*: check its spelling"),
        ({"_target_": "no_such_module.Name"}, "_target_=no_such_module.Name cannot be imported"),
        ({"_target_": "math.pi"}, "_target_=math.pi is neither a function nor a class: name one"),
        ({"_target_": "fractions.Fraction", "top": 1}, r"^k\._target_=fractions.Fraction cannot be called so: .*'top'"),
    ],
)
def test_what_is_no_part_is_one_sentence(part, sentence):
    with pytest.raises(UsageError, match=sentence):
        build(part, key="k")


def test_an_error_while_a_module_is_loaded_is_named(tmp_path, monkeypatch):
    (tmp_path / "breaks_when_loaded.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match=r"breaks_when_loaded.Name cannot be imported \(no licence\)"):
        locate("breaks_when_loaded.Name")
