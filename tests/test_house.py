"""Files and functions stay short enough to be read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
LONGEST_FILE, LONGEST_FUNCTION = 400, 80


def functions() -> Iterator[tuple[str, int]]:
    """Yield the functions of the package, and how many lines each has with its docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield f"{path.relative_to(SOURCE)}: {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_too_long_to_be_read():
    lines = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}
    assert not {name: count for name, count in lines.items() if count > LONGEST_FILE}


def test_no_function_is_too_long_to_be_read():
    found = list(functions())
    assert len(found) > 1000
    assert not [(name, count) for name, count in found if count > LONGEST_FUNCTION]
