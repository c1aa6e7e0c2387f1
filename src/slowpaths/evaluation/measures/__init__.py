"""Measures, one file each: formula, edge cases, reference, and the specification that report and docs read.

A new measure is a new module here; it is found by itself. Accuracy and usefulness measures read a
`evaluation.sample.Sample`, mining measures a `evaluation.mining_sample.MiningSample`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from slowpaths.evaluation.measure import MeasureSpec, ReportTable


def _modules() -> list[ModuleType]:
    return [importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__)]


def _declared(name: str) -> list:
    return sorted((spec for module in _modules() for spec in getattr(module, name, ())), key=lambda spec: spec.place)


SPECS: tuple[MeasureSpec, ...] = tuple(_declared("MEASURES"))
TABLES: tuple[ReportTable, ...] = tuple(_declared("TABLES"))
