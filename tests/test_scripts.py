"""Every script starts: what it imports is there, and it says what it is for."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


PROGRAMS = [path for path in sorted(SCRIPTS.rglob("*.py")) if "__main__" in path.read_text()]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_script_says_what_it_is_for(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(path), "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(path), run_name="__main__")
    assert stop.value.code in (0, None)
    assert "usage" in capsys.readouterr().out.lower()


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.stem)
def test_a_shell_script_says_what_it_is_for(path):
    shown = subprocess.run(["bash", str(path), "--help"], capture_output=True, text=True, check=True).stdout
    assert "usage" in shown.lower()


def test_the_signals_of_a_video_are_drawn(tmp_path, monkeypatch, capsys):
    part = PartSettings(mode="clip", balls_per_match=2, width=128, height=128)
    build_world(settings=WorldSettings(name="c", parts={"c": part}), out=tmp_path / "world", seed=3)
    picture = tmp_path / "signals.png"
    arguments = [str(tmp_path / "world" / "c01.mp4"), str(picture), "--pose", "simulated"]
    monkeypatch.setattr(sys, "argv", ["inspect_mining.py", *arguments])
    runpy.run_path(str(SCRIPTS / "inspect_mining.py"), run_name="__main__")
    assert picture.stat().st_size > 10_000
    assert " P " in capsys.readouterr().out


@pytest.mark.parametrize("how", [["scripts/real_clips.py"], ["-m", "scripts.real_clips"]])
def test_a_script_starts_as_a_file_and_as_a_module(how, tmp_path):
    where = {"cwd": SCRIPTS.parent, "env": {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}}
    shown = subprocess.run([sys.executable, *how, "--help"], capture_output=True, text=True, check=True, **where).stdout
    assert "usage: real_clips.py" in shown
