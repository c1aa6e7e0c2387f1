"""Measures, one file each: formula, edge cases, reference, and the specification that report and docs read.

A new measure is a new module here; it is found by itself. Accuracy and usefulness measures read a
`evaluation.sample.Sample`, mining measures a `evaluation.mining_sample.MiningSample`.
"""

from __future__ import annotations

import importlib
import pkgutil

from slowpaths.evaluation.measure import MeasureSpec, ReportTable


def _declared(kind: type) -> list:
    modules = [importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, kind)]
    return sorted(found, key=lambda spec: spec.place)


SPECS: tuple[MeasureSpec, ...] = tuple(_declared(MeasureSpec))
TABLES: tuple[ReportTable, ...] = tuple(_declared(ReportTable))
