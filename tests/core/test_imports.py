"""Importing the package must stay cheap and free of heavy libraries."""

import subprocess
import sys

import pytest

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
