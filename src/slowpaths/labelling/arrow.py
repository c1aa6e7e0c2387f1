"""Two Arrow kernels by name: positions of values in a list, and texts joined element by element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def positions(values: pa.Array | pa.ChunkedArray, known: Sequence[str] | pa.Array) -> np.ndarray:
    """Return where each value stands in a list of distinct values (N,), -1 where it does not.

    Example:
        >>> positions(pa.array(["b", "x", "a"]), ["a", "b"]).tolist()
        [1, -1, 0]
    """
    options = pc.SetLookupOptions(value_set=pa.array(known, values.type))
    return pc.fill_null(pc.call_function("index_in", [values], options), -1).to_numpy().astype(np.int64)


def join_texts(parts: Sequence[pa.Array | str], *, separator: str) -> pa.Array:
    """Return texts joined element by element (N,); a plain string stands for every element.

    Example:
        >>> join_texts(["a", pa.array(["b", "c"])], separator="-").to_pylist()
        ['a-b', 'a-c']
    """
    scalars = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.call_function("binary_join_element_wise", [*scalars, pa.scalar(separator)])


def codes(column: pa.ChunkedArray) -> np.ndarray:
    """Return one number a distinct value (N,), in order of first appearance.

    Example:
        >>> codes(pa.chunked_array([["x", "y", "x"]])).tolist()
        [0, 1, 0]
    """
    return positions(column, column.unique())


def floats(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column as float64 (N,), NaN for nulls."""
    return pc.fill_null(column, float("nan")).to_numpy().astype(np.float64)
