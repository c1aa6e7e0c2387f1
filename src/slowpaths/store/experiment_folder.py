"""One folder a question: what it asks, the tables that answer it, and the figures drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slowpaths.store.below import Below


@dataclass(frozen=True, slots=True)
class ExperimentFolder:
    """Name the files of an experiment."""

    path: Path  # the folder

    charts_file = Below("figures.yaml")  # figure -> how it is drawn
    results = Below("results")  # its tables
    figures = Below("figures")
    provenance_file = Below("results/provenance.json")  # what the tables were made from

    def figure(self, name: str, suffix: str) -> Path:
        """Return a figure in one format: "pdf", "svg" or "png"."""
        return self.figures / f"{name}.{suffix}"


@dataclass(frozen=True, slots=True)
class ExperimentsFolder:
    """Name the files of all experiments."""

    path: Path  # the folder

    manifest_file = Below("manifest.json")  # figure -> table -> what the table was made from
    index_file = Below("FIGURES.md")  # every figure with its caption and command

    def experiments(self) -> list[ExperimentFolder]:
        """Return the experiments that have figures, by name."""
        return [ExperimentFolder(file.parent) for file in sorted(self.path.glob("*/figures.yaml"))]
