"""Doctor says what is here, what is missing, and the cure."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from slowpaths.apps import doctor
from slowpaths.store.weights import WeightSpec


@pytest.mark.parametrize(("content", "is_found"), [(b"the weights", True), (b"other bytes", False)])
def test_weights_under_another_name_are_to_be_renamed(tmp_path, monkeypatch, content, is_found):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    digest = hashlib.sha256(b"the weights").hexdigest()
    spec = WeightSpec(name="w", filename="w-123.onnx", url="https://x/w", sha256=digest, licence="MIT")
    (tmp_path / "download (1).onnx").write_bytes(content)
    found = doctor._under_another_name(spec, str(tmp_path))
    assert found == (tmp_path / "download (1).onnx" if is_found else None)


def test_weights_without_a_published_digest_are_never_recognised(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = WeightSpec(name="w", filename="w.pyth", url="https://x/w", sha256="", licence="MIT")
    (tmp_path / "anything.pyth").write_bytes(b"1")
    assert doctor._under_another_name(spec, str(tmp_path)) is None


def test_the_threads_that_are_used_are_shown_with_what_bounds_them(monkeypatch):
    monkeypatch.setattr(doctor, "available_threads", lambda: 3)
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    finding = doctor._threads().finding
    assert finding.startswith("3 of 8 cores") and "OMP_NUM_THREADS=2" in finding


def test_a_folder_that_cannot_be_written_has_a_cure(monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    check = doctor._disk(Path("/"))
    assert (check.state, check.cure) == ("missing", "choose another out=")
