"""A command that cannot work: one sentence, an exit code, and nothing on disk."""

from __future__ import annotations

from pathlib import Path

from slowpaths.cli import main


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """Run a command that cannot work in the current, empty folder and return its sentence."""
    assert main(list(arguments)) == code
    out, error = capsys.readouterr()
    assert error.startswith(f"slowpaths {arguments[0]}: ") and len(error.strip().splitlines()) == 1, error
    assert "Traceback" not in out + error
    assert list(Path().iterdir()) == []
    return error
