"""Fixtures every room shares."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("WANDB_MODE", "offline")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Return the folder of third-party footage, poses and models beside the checkout, or skip."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "footage" / "gold.csv").exists():
        pytest.skip("the third-party footage folder ../shared is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _logging_stays_on() -> Iterator[None]:
    """Fail a test that turns logging off for every test after it."""
    before = logging.root.manager.disable
    yield
    after, logging.root.manager.disable = logging.root.manager.disable, before
    assert after == before, "logging.disable was left on"
