"""Rules from files of your own: `rules.paths=[my_rules.py]`.

A file is plain Python that declares rules with the decorator `rule`; docs/examples/my_rule.py is one.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest
from slowpaths.labelling.rules.rule import Rule


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Return the rules that a file declares, in the order of the file.

    Raises:
        UsageError: If the file is missing, fails, or declares no rule; it names the line.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except OSError as error:
        raise UsageError(f"rules.paths: {path} cannot be read: give the path of a Python file with rules") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise UsageError(f"{path} line {line}: {getattr(error, 'msg', None) or error}") from error
    _refuse_twice(path, tree)
    scope = {"__name__": f"slowpaths_rules.{path.stem}", "__file__": str(path)}
    try:
        exec(compile(tree, str(path), "exec"), scope)
    except (Exception, SystemExit) as error:
        if type(error) is not SystemExit and not isinstance(error, Exception):
            raise  # somebody stops slowpaths itself
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        why = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"{path} line {lines[-1] if lines else 1}: {why}") from error
    rules = [value for value in scope.values() if isinstance(value, Rule)]
    own = [item for item in rules if item.function.__code__.co_filename == str(path)]  # not what it imports
    if not own:
        raise UsageError(f"{path} declares no rule: decorate a function with `@rule(...)`")
    digest = file_digest(path)
    return tuple(replace(item, digest=digest) for item in own)


def refuse_duplicates(rules: Sequence[Rule]) -> None:
    """Check that no two rules have one code.

    Raises:
        UsageError: Naming the file and line of the second.
    """
    seen: dict[str, Rule] = {}
    for item in rules:
        if item.code in seen:
            raise UsageError(
                f"{item.place}: the code {item.code} is taken by the rule in {seen[item.code].place}: give it another"
            )
        seen[item.code] = item


def _refuse_twice(path: Path, tree: ast.Module) -> None:
    """Refuse a function that is defined twice: the second would silently take the place of the first."""
    names: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if node.name in names:
                raise UsageError(
                    f"{path} line {node.lineno}: the function {node.name} stands in line {names[node.name]} already: "
                    "give it another name"
                )
            names[node.name] = node.lineno
