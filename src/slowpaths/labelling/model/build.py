"""A label model from what configuration says of it."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from slowpaths.core.errors import UsageError
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes

MODELS: dict[str, type[LabelModel]] = {
    kind.name: kind for kind in (HierarchicalPartial, DawidSkene, FixedNaiveBayes, MajorityVote)
}


def build_model(model: LabelModel | str | Mapping[str, Any]) -> LabelModel:
    """Return a label model whose settings have been checked.

    It is given itself, by a name in `MODELS`, or by the arguments of its class, with `_target_` (the path of a class of
    your own or one of ours) or `name`.

    Raises:
        UsageError: If the class or a setting is unknown or impossible.
    """
    if not isinstance(model, LabelModel):
        settings: dict[str, Any] = {"name": model} if isinstance(model, str) else dict(model)
        target, name = settings.pop("_target_", None), settings.pop("name", HierarchicalPartial.name)
        if not target and name not in MODELS:
            near = difflib.get_close_matches(str(name), MODELS, n=1) or MODELS
            raise UsageError(f"unknown label model '{name}'; the nearest names are: {', '.join(near)}")
        kind = _import(target) if target else MODELS[name]
        known = [*inspect.signature(kind.__init__).parameters][1:]
        for key in settings:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1) or known or ["none"]
                raise UsageError(f"label_model {kind.name} has no setting '{key}'; the nearest: {', '.join(near)}")
        model = kind(**settings)
    model.check()
    return model


def _import(path: object) -> type[LabelModel]:
    """Return the class at a path such as `my_package.my_module.MyModel`."""
    module, _, name = str(path).rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"label_model._target_={path} cannot be imported: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, LabelModel) and hasattr(kind, "name")):
        raise UsageError(f"label_model._target_={path} is no LabelModel with a name: subclass it")
    return kind
