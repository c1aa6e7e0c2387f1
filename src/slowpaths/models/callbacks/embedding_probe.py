"""Watch an embedding while it is learnt, and stop where it collapses.

Legend: N clips, V rows of a batch (a view of each clip, then the other), D features of an embedding.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from slowpaths.core.errors import SlowpathsError
from slowpaths.models.ema import EmaModule, network_input
from slowpaths.models.heads import logits_and_features
from slowpaths.models.pretrain.diagnostics import (
    alignment,
    effective_rank,
    linear_probe,
    neighbour_share,
    spread,
    uniformity,
)
from slowpaths.models.pretrain.probe_settings import ProbeSettings


class ProbeClips(NamedTuple):
    """Hold the clips that are looked at."""

    loader: DataLoader[Any]  # two views of each, in their order
    probs_NC: Tensor  # how the weak labels spread them over strokes; (N, 0) where there are none
    match_N: Tensor  # numbers of their matches
    ball_N: Tensor  # numbers of the balls they show
    is_val_N: Tensor  # whether a clip is held out


class EmbeddingProbe(Callback):
    """Log what the pooled features tell, and stop a run whose embedding has collapsed.

    Metrics, each beside what chance gives: `probe/knn_purity`, share of the nearest clips of other matches that have
    the weak label of a held-out clip; `probe/scene_leak`, how often a linear classifier names the match of balls that
    it was not fitted to, where two matches have two balls or more. And `probe/effective_rank`, `probe/spread`,
    `probe/alignment` and `probe/uniformity`.

    Args:
        clips: The clips.
        settings: When, and what counts as a collapse.
        last: Checkpoint of the last epoch.
    """

    def __init__(self, clips: ProbeClips, settings: ProbeSettings, *, last: Path) -> None:
        self._clips, self._settings, self._last = clips, settings, last
        self._good = last.with_name("good.ckpt")
        self._num_collapsed = 0

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look, where it is time."""
        every = self._settings.every_epochs
        if not every or (trainer.current_epoch + 1) % every or not isinstance(pl_module, EmaModule):
            return
        found = self.measure(pl_module)
        for name, value in found.items():
            pl_module.log(f"probe/{name}", value, on_step=False, on_epoch=True)
        self._judge(found, trainer)

    @torch.no_grad()
    def measure(self, module: EmaModule) -> dict[str, float]:
        """Return the metrics of the network that is validated."""
        network, views = module.evaluated, []
        was_training = network.training
        network.eval()
        for batch in self._clips.loader:
            pooled_VD = logits_and_features(network, network_input(batch.to(module.device)))[1].float().cpu()
            views.append(pooled_VD.unflatten(0, (2, -1)))
        network.train(was_training)
        first_ND, second_ND = torch.cat(views, dim=1)
        clips = self._clips
        is_match_NN = clips.match_N[:, None] == clips.match_N
        found = {
            "effective_rank": effective_rank(first_ND),
            "spread": spread(first_ND),
            "alignment": alignment(first_ND, second_ND),
            "uniformity": uniformity(first_ND),
        }
        if (leak := linear_probe(first_ND, clips.match_N, clips.ball_N)) is not None:
            found |= dict(zip(("scene_leak", "scene_chance"), leak, strict=True))
        asked_N = clips.is_val_N if clips.is_val_N.any() else torch.ones_like(clips.is_val_N)
        may_NN = ~is_match_NN & asked_N[:, None]
        if clips.probs_NC.shape[1] and may_NN.any():
            label_N = clips.probs_NC.argmax(dim=1)
            is_like_NN = label_N[:, None] == label_N
            purity, chance = neighbour_share(first_ND, is_like_NN, may_NN, k=self._settings.num_neighbours)
            found |= {"knn_purity": purity, "knn_chance": chance}
        return found

    def _judge(self, found: dict[str, float], trainer: L.Trainer) -> None:
        wanted = self._settings
        least_rank = min(wanted.min_rank, len(self._clips.match_N) / 10)
        signs = {
            "effective rank": (found["effective_rank"], least_rank),
            "spread": (found["spread"], wanted.min_spread),
        }
        low = {name: pair for name, pair in signs.items() if not pair[0] >= pair[1]}
        if not low:
            self._num_collapsed = 0
            return
        if not self._num_collapsed and self._last.exists() and trainer.is_global_zero:
            shutil.copyfile(self._last, self._good)
        self._num_collapsed += 1
        if self._num_collapsed >= wanted.patience:
            name, (value, bound) = next(iter(low.items()))
            kept = f"; {self._good} holds the last epoch before" if self._good.exists() else ""
            raise SlowpathsError(
                f"the embedding has collapsed: its {name} is {value:.3g}, below {bound:g}, for {self._num_collapsed} "
                "looks in a row: raise data.batch_size, lower optim.lr, or take objective=moco, and choose another "
                f"out={kept}"
            )

    def state_dict(self) -> dict[str, Any]:
        """Return how many looks in a row saw a collapse."""
        return {"num_collapsed": self._num_collapsed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take that of a checkpoint."""
        self._num_collapsed = state_dict["num_collapsed"]
