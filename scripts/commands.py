"""Verbs of slowpaths as other programs run them: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

OK = (0, 3)  # 3: some footage is quarantined, which its table says; the rest is there


def slowpaths(verb: str, *words: object) -> None:
    """Run a verb with the words that follow it; where it fails this program ends, and says with what."""
    said = [verb, *map(str, words)]
    code = subprocess.run([sys.executable, "-m", "slowpaths.cli", *said]).returncode
    if code not in OK:
        sys.exit(f"slowpaths {' '.join(said)} ended with exit code {code}")
