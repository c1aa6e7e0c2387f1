"""Importing the package must stay cheap and free of heavy libraries."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from slowpaths.cli import VERBS

HEAVY = ("torch", "cv2", "av", "decord", "lightning", "hydra", "wandb", "sklearn", "matplotlib", "pytorchvideo")


@pytest.mark.parametrize("module", ["slowpaths", "slowpaths.cli", "slowpaths.core.records", "slowpaths.store.ledger"])
def test_light_modules_load_nothing_heavy(module):
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_mining_and_labelling_do_not_load_torch():
    code = (
        "import sys, slowpaths.mining.pipeline, slowpaths.labelling.pipeline, slowpaths.evaluation.report;"
        "print([name for name in ('torch', 'lightning', 'hydra', 'wandb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_misspelt_key_is_named_before_a_heavy_library_is_loaded():
    heavy = ("torch", "lightning", "cv2", "scipy", "sklearn", "matplotlib", "av", "wandb")
    code = (
        "import sys; from slowpaths.cli import VERBS, main; from slowpaths.apps import _fields;"
        "words = [(verb, _fields.fields_of(_fields.settings_class(verb))[0].name) for verb in VERBS];"
        "codes = {main([verb, name + 's=x']) for verb, name in words};"
        f"print(codes, [name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{2} []"
    assert done.stderr.count("unknown key") == done.stderr.count("did you mean") == len(VERBS)


def test_the_broken_parts_of_pytorchvideo_are_never_imported():
    # import-linter cannot forbid a part of an external package
    for path in (Path(__file__).parents[2] / "src").rglob("*.py"):
        assert not re.search(r"pytorchvideo\.(transforms|data)\b", path.read_text()), path
