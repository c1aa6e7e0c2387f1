"""Two networks that pick the clips that the other one learns from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.errors import UsageError
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.ema import network_input
from slowpaths.models.heads import head_prefix, projection
from slowpaths.models.mixing import left_out_share, picked
from slowpaths.models.prediction import load_classifier
from slowpaths.models.settings import LossSettings

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


class StopAfter(Callback):
    def __init__(self, epochs: int) -> None:
        self._epochs = epochs

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self._epochs


def test_the_smallest_losses_are_picked_and_one_at_least():
    losses_B = torch.tensor([4.0, 1.0, 3.0, 2.0, 5.0])
    assert picked(losses_B, left_out=0.0).all()
    assert picked(losses_B, left_out=0.4).tolist() == [False, True, True, True, False]
    assert picked(losses_B, left_out=0.39).sum() == 4  # a whole clip is not reached
    assert picked(losses_B, left_out=0.99).tolist() == [False, True, False, False, False]


def test_more_is_left_out_as_the_run_goes_on():
    shares = [left_out_share(progress, most=0.4, length=0.5) for progress in (0, 0.25, 0.5, 1)]
    assert shares == pytest.approx([0, 0.2, 0.4, 0.4])


def test_each_network_learns_from_what_the_other_picks(monkeypatch):
    """A clip that only the second network disbelieves gives the first one no gradient, and the other way round."""
    model, given = classifier(co_teaching=0.25, factor_weight=0.0, ema_decay=0.0), batch(4)
    model.left_out_share = 0.25
    losses_B, others_B = torch.tensor([1.0, 2.0, 3.0, 9.0]), torch.tensor([9.0, 1.0, 2.0, 3.0])
    losses_B.requires_grad_(), others_B.requires_grad_()
    monkeypatch.setattr(model, "loss", lambda logits, probs: others_B)
    loss = model._taught_by_each_other(losses_B, torch.zeros(4, 14), given.probs_BC, torch.ones(4))
    loss.backward()
    assert losses_B.grad.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])
    assert others_B.grad.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_both_networks_train_and_the_first_predicts(tmp_path: Path):
    model = classifier(co_teaching=0.25, ema_decay=0.0)
    assert model.peer is not None
    assert not torch.equal(projection(model.network).weight, projection(model.peer).weight)
    before = [projection(one).weight.clone() for one in model.networks]
    keeper = build_checkpoints(tmp_path, monitor="val/nll")
    trainer(max_epochs=1, callbacks=[keeper], enable_checkpointing=True).fit(
        model, loader(8), loader(4, is_shuffled=False)
    )
    for one, weight in zip(model.networks, before, strict=True):
        assert not torch.equal(projection(one).weight, weight)
    loaded = load_classifier(tmp_path / "last.ckpt").eval()
    model.eval()
    with torch.no_grad():
        assert torch.equal(loaded(batch(2)), model.network(network_input(batch(2))))


def test_pretrained_weights_reach_the_second_network_too():
    model = classifier(co_teaching=0.25, initialisation="some", ema_decay=0.0, lr=1e-12)
    trainer(max_epochs=1).fit(model, loader(4))
    first, second = (dict(one.named_parameters()) for one in model.networks)
    is_near = {name: torch.allclose(tensor, second[name], atol=1e-6) for name, tensor in first.items()}
    head = head_prefix(model.network)
    assert all(near for name, near in is_near.items() if not name.startswith(head))
    assert not is_near[f"{head}proj.weight"]


def test_a_killed_run_ends_as_the_whole_one(tmp_path: Path):
    def run(folder: Path, *, epochs: int, resume: Path | None = None):
        model = classifier(co_teaching=0.5, co_teaching_length=0.5, ema_decay=0.9, seed=1)
        callbacks = [build_checkpoints(folder, monitor="val/nll"), StopAfter(epochs)]
        whole = trainer(max_epochs=4, callbacks=callbacks, enable_checkpointing=True)
        whole.fit(model, loader(8), loader(4, is_shuffled=False), ckpt_path=resume)
        return model.state_dict()

    whole = run(tmp_path / "whole", epochs=4)
    run(tmp_path / "parts", epochs=2)
    resumed = run(tmp_path / "parts", epochs=4, resume=tmp_path / "parts" / "last.ckpt")
    assert any(name.startswith("peer.") for name in whole)
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in whole.items())


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_shares_out_of_range_are_refused(share):
    with pytest.raises(UsageError, match=r"loss\.co_teaching=.* is out of range"):
        LossSettings(co_teaching=share)
    with pytest.raises(UsageError, match=r"loss\.co_teaching_length"):
        LossSettings(co_teaching_length=0.0)


@pytest.mark.parametrize(
    "options",
    [{"mixup_alpha": 0.2}, {"function": {"_target_": "slowpaths.models.clip_losses.ProgressiveIdentification"}}],
)
def test_what_does_not_go_with_it_is_refused(options, monkeypatch):
    model = classifier(co_teaching=0.2, **options)
    monkeypatch.setattr(type(model), "loss_knows_clips", "function" in options)
    with pytest.raises(UsageError, match="co-teaching leaves out whole clips"):
        model.training_step(batch(2), 0)
