"""Replaceable parts: a function or class named by its import path, and the arguments that a configuration gives it.

A configuration writes a part as `{_target_: package.module.Name, argument: value, ...}`, and so does a checkpoint. What
a configuration names, a person chose; what a checkpoint names is only imported from packages known to be harmless.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from slowpaths.core.errors import MissingWeightsError, UsageError

TARGET = "_target_"
# Where the networks live that a checkpoint may name unasked.
TRUSTED = ("slowpaths.models.", "torch.nn.", "torchvision.models.", "pytorchvideo.models.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Name a function or class and its arguments.

    Args:
        target: Import path, such as `slowpaths.models.slowfast.build_slowfast`.
        arguments: Keyword arguments, plain values.
    """

    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Mapping[str, Any], *, key: str) -> Part:
        """Read a part as a configuration writes it.

        Args:
            value: Mapping with `_target_`.
            key: Where it stands, for the message.

        Raises:
            UsageError: If it names no target.
        """
        if not isinstance(value, Mapping) or not isinstance(value.get(TARGET), str) or "." not in value[TARGET]:
            raise UsageError(f"{key}.{TARGET} is missing: give the import path of a function or class")
        return cls(target=value[TARGET], arguments={name: item for name, item in value.items() if name != TARGET})

    def plain(self) -> dict[str, Any]:
        """Return the part as a configuration or checkpoint writes it."""
        return {TARGET: self.target, **self.arguments}

    def find(self) -> Callable[..., Any]:
        """Import what the part names.

        Raises:
            UsageError: If there is no such function or class.
        """
        module, _, name = self.target.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise UsageError(
                f"{TARGET}={self.target} cannot be imported ({error}): check its spelling, and put the folder of your "
                "own module on PYTHONPATH"
            ) from error
        if not callable(found):
            raise UsageError(f"{TARGET}={self.target} is neither a function nor a class: name one")
        return found

    def build(self, *given: Any, **computed: Any) -> Any:
        """Call what the part names with its arguments and those that the caller computed.

        Raises:
            UsageError: If it does not take them.
        """
        found, arguments = self.find(), {**self.arguments, **computed}
        self._check(found, *given, **arguments)
        return found(*given, **arguments)

    def function(self) -> Callable[..., Any]:
        """Return a function with the arguments filled in; a class is made first, its objects are called.

        Raises:
            UsageError: If it does not take the arguments.
        """
        found = self.find()
        return self.build() if inspect.isclass(found) else partial(found, **self.arguments)

    def require_trusted(self, *, source: str, allowed: Collection[str]) -> None:
        """Refuse to import what a file names, unless it is known to be harmless or a person named it too.

        Args:
            source: The file, for the message.
            allowed: Further targets, named by a person.

        Raises:
            MissingWeightsError: If the target is neither.
        """
        if self.target in allowed:
            return
        # What a trusted module has imported is not its own: `torch.nn.functional.warnings` is no network.
        if self.target.startswith(TRUSTED):
            found = self.find()
            if f"{getattr(found, '__module__', '')}.".startswith(TRUSTED):
                return
        raise MissingWeightsError(
            f"{source} names the network {self.target}, and loading it would run code of that module: "
            f"give allow_target={self.target} if you trust it"
        )

    def _check(self, found: Callable[..., Any], *given: Any, **arguments: Any) -> None:
        try:
            signature = inspect.signature(found)
        except (TypeError, ValueError):
            return  # some compiled functions have none
        try:
            signature.bind(*given, **arguments)
        except TypeError as error:
            raise UsageError(f"{TARGET}={self.target} cannot be called so: {error}") from error
