"""Measures, one file each: formula, edge cases, reference, and the specification that report and docs read.

A new measure is a new module here; it is found by itself. Accuracy and usefulness measures read a
`evaluation.sample.Sample`, mining measures a `evaluation.mining_sample.MiningSample`. A module may also hold a tuple of
specifications: of one measure at several settings.
"""

from __future__ import annotations

import importlib
import pkgutil

from slowpaths.evaluation.measure import MeasureSpec, ReportTable


def _declared(kind: type) -> list:
    modules = [importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__)]
    values = [value for module in modules for value in vars(module).values()]
    found = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
    return sorted((item for item in found if isinstance(item, kind)), key=lambda spec: spec.place)


SPECS: tuple[MeasureSpec, ...] = tuple(_declared(MeasureSpec))
TABLES: tuple[ReportTable, ...] = tuple(_declared(ReportTable))
