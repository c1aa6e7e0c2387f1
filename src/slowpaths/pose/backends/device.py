"""Where a torch backend runs."""

from __future__ import annotations

import torch

from slowpaths.core.errors import UsageError
from slowpaths.core.threads import available_threads


def torch_device(name: str, *, num_threads: int = 0) -> torch.device:
    """Return the device "cpu" or "cuda", and set the CPU threads of torch: those this process may use where 0.

    Raises:
        UsageError: If CUDA is asked for and not there.
    """
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("no CUDA device is there: take device=cpu, or run where there is a GPU")
    torch.set_num_threads(num_threads or min(torch.get_num_threads(), available_threads()))
    return torch.device(name)
