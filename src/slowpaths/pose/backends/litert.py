"""A TFLite network on LiteRT, with its threads pinned."""

from __future__ import annotations

from pathlib import Path

import numpy as np


class LiteNet:
    """Run a TFLite network with one input on the CPU.

    Args:
        path: TFLite file.
        num_threads: CPU threads.
    """

    def __init__(self, path: Path, *, num_threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [entry["index"] for entry in self._interpreter.get_output_details()]

    def __call__(self, batch: np.ndarray) -> list[np.ndarray]:
        """Return the outputs of the network, in its own order, for a batch of its own shape and type."""
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(index)) for index in self._outputs]
