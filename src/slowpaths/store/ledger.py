"""Lineage beside the tables: what was made, from what, with which configuration.

A ledger is one JSON object a line, appended as a whole file so that a killed run never leaves half a line. It holds no
clock times: the same work gives the same ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slowpaths import __version__
from slowpaths.core.errors import TableError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.store.tables import write_text

LEDGER_NAME = "ledger.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Describe one finished stage."""

    stage: str  # verb that ran, such as "mine"
    inputs: Mapping[str, str] = field(default_factory=dict)  # name or path of an input -> its digest or fingerprint
    outputs: Mapping[str, str] = field(default_factory=dict)  # file written, relative to the ledger's folder -> sha256
    configuration: str = ""  # fingerprint of the resolved configuration
    rules: str = ""  # fingerprint of the rule set; "" where no rules ran
    seed: int = 0  # seed of the run
    counts: Mapping[str, int] = field(default_factory=dict)  # what was written: rows, clips, quarantined files
    version: str = __version__  # version of slowpaths

    @property
    def entry_id(self) -> str:
        """Return a fingerprint of the whole entry."""
        return fingerprint(asdict(self))


def read_ledger(folder: Path) -> list[Entry]:
    """Read the ledger of a folder, oldest first; empty where there is none.

    Raises:
        TableError: If a line is no ledger entry.
    """
    path = folder / LEDGER_NAME
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (json.JSONDecodeError, TypeError) as error:
            raise TableError(f"{path} line {number} is not a ledger entry: move the file away and run again") from error
    return entries


def append_entry(folder: Path, entry: Entry) -> Entry:
    """Add an entry to the ledger of `folder` unless the newest one of that stage says the same; return it."""
    entries = read_ledger(folder)
    newest = next((old for old in reversed(entries) if old.stage == entry.stage), None)
    if newest is None or asdict(newest) != _plain(asdict(entry)):
        entries.append(entry)
        lines = [json.dumps(asdict(item), sort_keys=True) for item in entries]
        write_text(folder / LEDGER_NAME, "\n".join(lines) + "\n")
    return entry


def digests(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the sha256 of several files below `folder`, by name."""
    return {name: file_digest(folder / name) for name in names}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
