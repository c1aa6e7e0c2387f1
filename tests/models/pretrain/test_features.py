from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from sklearn.metrics import r2_score
from tests.models.training import QUIET, batch, classifier, loader, settings, trainer

from slowpaths.core.errors import UsageError
from slowpaths.models.initialisation import load_backbone, save_backbone
from slowpaths.models.pretrain.features import FeatureRegression, ShareExplained, known_loss

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]
NAN = float("nan")


def pretraining(**options: Any) -> FeatureRegression:
    wanted = {"dropout": 0.0, "lr": 0.05, "head_lr_ratio": 1.0, "feature_names": ("up", "right"), **options}
    return FeatureRegression(**settings(**wanted))


def test_a_network_learns_to_see_features_and_says_how_well() -> None:
    model = pretraining()
    run = trainer(max_epochs=40)  # 25 are too few where sums are rounded otherwise
    before = run.validate(model, loader(8, is_shuffled=False), verbose=False)[0]
    run.fit(model, loader(8))
    after = run.validate(model, loader(8, is_shuffled=False), verbose=False)[0]
    assert before["val/r2"] < 0.2
    assert after["val/r2"] > 0.8
    assert after["val/loss"] < 0.3 * before["val/loss"]
    assert [(name, count) for name, count, _ in model.scores()] == [("up", 8), ("right", 4)]
    assert np.mean([share for *_, share in model.scores() if share == share]) == pytest.approx(after["val/r2"])


def test_a_batch_of_which_nothing_is_known_moves_nothing() -> None:
    found = torch.ones(2, 3, requires_grad=True)
    known_loss(found, torch.full((2, 3), NAN)).backward()
    assert found.grad is not None
    assert found.grad.abs().max() == 0


def test_the_loss_turns_linear_where_it_is_told_to() -> None:
    found, wanted = torch.tensor([[3.0]]), torch.tensor([[0.0]])
    assert known_loss(found, wanted, transition=1.0).item() == pytest.approx(2.5)
    assert known_loss(found, wanted, transition=2.0).item() == pytest.approx(2.0)
    with pytest.raises(UsageError, match=r"objective\.transition=0"):
        FeatureRegression(**settings(feature_names=("a",)), transition=0)


def test_share_explained_is_that_of_scikit_learn_over_the_known() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=(40, 3))
    found = wanted + rng.normal(size=(40, 3)) * [0.1, 1.0, 0.5]
    wanted[rng.random((40, 3)) < 0.3] = NAN
    measure = ShareExplained(3)
    for rows in np.array_split(np.arange(40), 7):
        measure.update(torch.tensor(found[rows]), torch.tensor(wanted[rows]))
    expected = [r2_score(w[np.isfinite(w)], f[np.isfinite(w)]) for w, f in zip(wanted.T, found.T, strict=True)]
    np.testing.assert_allclose(measure.compute().numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("wanted", [[[1.0], [1.0]], [[1.0], [NAN]], [[NAN], [NAN]]])
def test_a_feature_that_does_not_differ_has_no_share(wanted: list[list[float]]) -> None:
    measure = ShareExplained(1)
    measure.update(torch.zeros(2, 1), torch.tensor(wanted))
    assert torch.isnan(measure.compute())


def test_what_was_learnt_becomes_an_initialisation(tmp_path: Path) -> None:
    keeper = ModelCheckpoint(dirpath=tmp_path, save_last=True, save_top_k=0)
    model = pretraining(ema_decay=0.5)
    trainer(max_epochs=2, callbacks=[keeper], enable_checkpointing=True).fit(model, loader(8))
    save_backbone(tmp_path / "backbone.safetensors", tmp_path / "last.ckpt")
    network = classifier().network
    report = load_backbone(network, tmp_path / "backbone.safetensors")
    assert model.ema is not None
    averaged = model.ema.state_dict()
    assert set(report.missing) == {name for name in averaged if name.startswith("blocks.6.")}
    for name in report.loaded:
        assert torch.equal(network.state_dict()[name], averaged[name].half().to(averaged[name].dtype)), name
    assert not torch.equal(averaged["blocks.0.multipathway_blocks.0.conv.weight"],
                           model.network.state_dict()["blocks.0.multipathway_blocks.0.conv.weight"])  # fmt: skip


def test_features_come_from_the_ema() -> None:
    model = pretraining(ema_decay=0.9).eval()
    assert model.ema is not None
    for parameter in model.ema.parameters():
        parameter.data.zero_()
    assert model(batch()).abs().max() == 0
