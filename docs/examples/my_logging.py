"""A logger and a callback of your own.

`logger=[jsonl]` with `--config-dir`, or `+logger.jsonl._target_=my_logging.JsonLines` on the command line;
`callbacks=[{_target_: my_logging.GradientNorm}]`.
"""

import json
from pathlib import Path

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger


class JsonLines(Logger):
    """Write one line of JSON a step to `metrics.jsonl`; any Lightning logger works the same way.

    Args:
        save_dir: Folder of the file.
    """

    name, version = "jsonl", 0

    def __init__(self, *, save_dir: str = ".") -> None:
        super().__init__()
        self.path = Path(save_dir) / "metrics.jsonl"

    def log_metrics(self, metrics, step=None):
        """Write the metrics of one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **metrics}) + "\n")

    def log_hyperparams(self, params, *args, **kwargs):
        """Leave the configuration where it is: in config.yaml of the run."""


class GradientNorm(Callback):
    """Log the norm of the gradient before each step.

    Args:
        every: Steps between two values.
    """

    def __init__(self, *, every: int = 1) -> None:
        self.every = every

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        """Log the norm."""
        if trainer.global_step % self.every == 0:
            gradients = [weight.grad for weight in pl_module.parameters() if weight.grad is not None]
            pl_module.log("train/gradient_norm", torch.nn.utils.get_total_norm(gradients))
