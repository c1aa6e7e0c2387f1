"""Rates and stillness by stage, of every network that there is a configuration of."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from tests.models.training import QUIET, Items, classifier, clip_items, trainer
from torch.utils.data import DataLoader

from slowpaths.data.batch import NO_FRAMES, NUM_PICTURE_FEATURES, InputKind, collate, input_kind_of
from slowpaths.models.heads import stages

pytestmark = [
    pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning"),  # Swish of pytorchvideo
    *(pytest.mark.filterwarnings(line) for line in QUIET),
]
CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "model").glob("*.yaml"))
SMALL: dict[str, dict[str, Any]] = {
    "frozen_gru": {"width": 8, "hidden": 4},
    "r2plus1d": {"width": 4},
    "skeleton_gru": {"width": 8, "hidden": 4},
    "slow_only": {"width": 4},
    "slowfast_r50": {"width": 8},
    "slowfast_tiny": {"width": 8},
    "x3d_s": {"width_factor": 1.0, "depth_factor": 0.5},
}
SEQUENCES: dict[InputKind, tuple[int, int]] = {"skeleton": (32, 30), "picture_features": (16, NUM_PICTURE_FEATURES)}


def clips(kind: InputKind) -> DataLoader[Any]:
    """Return a loader of one batch of eight clips, as a network of this kind takes them."""
    items = clip_items(8)
    if size := SEQUENCES.get(kind):
        items = [item._replace(frames_CTHW=NO_FRAMES, sequence_TD=torch.randn(size)) for item in items]
    return DataLoader(Items(items), batch_size=8, collate_fn=partial(collate, has_slow=kind == "pathways"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_weight_has_one_rate_and_the_first_stage_waits(path: Path) -> None:
    asked = OmegaConf.to_container(OmegaConf.load(path))
    network = {key: value for key, value in asked.items() if key != "defaults"} | SMALL[path.stem]
    options = {"layer_decay": 0.5, "lr": 0.01, "batch_size": 8, "frozen_stages": 1, "frozen_epochs": 1}
    model = classifier(network=network, head_lr_ratio=10, **options)
    parts = stages(model.network)
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    still = {name for name in before if model.network.get_submodule(name.rpartition(".")[0]) in set(parts[0].modules())}
    run = trainer(max_epochs=1)
    run.fit(model, clips(input_kind_of(network)))

    groups = run.optimizers[0].param_groups
    moved = [weight for group in groups for weight in group["params"]]
    assert len(moved) == len(set(moved)) and set(moved) == set(model.parameters())
    rates = {weight: group["initial_lr"] for group in groups for weight in group["params"]}
    found = [{rates[weight] for weight in part.parameters()} for part in parts]
    assert len(parts) > 1 and found == [{0.01 * 0.5**depth} for depth in reversed(range(len(parts)))]
    assert {rates[weight] for weight in model.head_parameters()} == {0.1}
    held = {weight for part in parts for weight in part.parameters()} | set(model.head_parameters())
    assert all(rates[weight] == 0.01 for weight in set(moved) - held)
    changed = {name for name, tensor in model.network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert still and changed and not changed & still
