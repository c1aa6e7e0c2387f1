"""slowpaths: cricket-stroke recognition from footage that has no labels.

Three stages meet at tables on disk: mining writes labelled clips, training reads them and writes predictions,
evaluation reads predictions. Importing the package is cheap; torch, cv2 and the decoders load where they are used.

Example:
    >>> import slowpaths
    >>> slowpaths.open_mined
    <function open_mined at ...>
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slowpaths.api import Classifier, Mined, evaluate, film_world, label, load_classifier, mine, open_mined

__version__ = "0.1.0"
__all__ = [
    "Classifier",
    "Mined",
    "__version__",
    "evaluate",
    "film_world",
    "label",
    "load_classifier",
    "mine",
    "open_mined",
]


def __getattr__(name: str) -> Any:
    """Load the Python API where it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'slowpaths' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("slowpaths.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
