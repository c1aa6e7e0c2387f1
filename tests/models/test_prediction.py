from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.data.mined import labelled
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.models.checkpoint import keep_temperature
from slowpaths.models.prediction import calibrate, load_classifier, model_id, predict, view_disagreement
from slowpaths.store.tables import read_predictions, write_predictions

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "last.ckpt"
    run = trainer(max_steps=1)
    run.fit(classifier(ema_decay=0.9, clip={"fps": 25, "num_frames": 8}), loader(4))
    run.save_checkpoint(path)
    return path


def test_averages_views_and_names_the_stroke() -> None:
    model = classifier()
    clips = [labelled(f"d{row}", stroke=row) for row in range(3)]
    # Clip 2 in three views, clip 0 in one.
    views = replace(batch(4), index_B=torch.tensor([2, 2, 2, 0]), view_B=torch.tensor([0, 1, 2, 0]))
    found = predict(model, [views], clips=clips, parts={"d2": "test"})
    assert [(item.delivery_id, item.view_index) for item in found] == [
        ("d0", -1), ("d0", 0), ("d2", -1), ("d2", 0), ("d2", 1), ("d2", 2),
    ]  # fmt: skip
    expected = model.eval()(views).softmax(dim=1).detach().double().numpy()
    assert found[2].probs == pytest.approx(expected[:3].mean(axis=0), abs=1e-6)
    assert found[3].probs == pytest.approx(expected[0], abs=1e-6)
    for item in found:
        assert item.label == STROKES[int(np.argmax(item.probs))]
        assert item.confidence == pytest.approx(item.probs.max())
        assert item.probs.sum() == pytest.approx(1)
        assert (item.source, item.votes_fingerprint, item.model_id) == ("model", "", model_id(model))
    assert [item.split for item in found] == ["none", "none", "test", "test", "test", "test"]
    assert found[2].impact_s == clips[2].impact_s


def test_predictions_fit_the_table(tmp_path: Path) -> None:
    found = predict(classifier(), [batch(2)], clips=[labelled("a"), labelled("b")])
    write_predictions(tmp_path / "predictions.parquet", found)
    again = read_predictions(tmp_path / "predictions.parquet")
    assert [item.delivery_id for item in again] == ["a", "a", "b", "b"]
    assert again[0].probs == pytest.approx(found[0].probs)


def test_a_loaded_classifier_predicts_as_the_trained_one(checkpoint: Path) -> None:
    model = load_classifier(checkpoint)
    assert not model.training
    trained = classifier(ema_decay=0.9, clip={"fps": 25, "num_frames": 8})
    trainer(max_steps=1).fit(trained, loader(4))
    assert torch.equal(model(batch()), trained.eval()(batch()))
    assert model_id(model) == model_id(trained)
    assert model.run.clip == {"fps": 25, "num_frames": 8}


def test_identity_follows_weights_and_clip_settings() -> None:
    one, same, other = classifier(seed=1), classifier(seed=1), classifier(seed=2)
    assert model_id(one) == model_id(same) != model_id(other)
    assert model_id(classifier(seed=1, clip={"fps": 50})) != model_id(one)


def _drop(content: dict[str, Any], key: str) -> None:
    del content[key]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: _drop(c, "slowpaths"), "not a stroke classifier"),
        (lambda c: _drop(c, "hyper_parameters"), "not a stroke classifier"),
        (lambda c: c["slowpaths"].update(strokes=["cover", "pull"]), "other strokes"),
        (lambda c: c["slowpaths"].update(format=99), "checkpoint format 99"),
        (lambda c: c["hyper_parameters"]["network"].update(width=16), "does not fit the network it describes"),
        (lambda c: c["hyper_parameters"].update(colour="red"), "does not fit the network it describes"),
        (lambda c: c["hyper_parameters"]["optim"].update(colour="red"), "does not fit the network it describes"),
        (lambda c: _drop(c["slowpaths"], "strokes"), "not a stroke classifier"),
        (lambda c: c["slowpaths"].update(format=1), "does not fit the network it describes"),
        (lambda c: c["slowpaths"].update(strokes=None), "not a stroke classifier"),
        (lambda c: c.update(slowpaths=[1]), "not a stroke classifier .its slowpaths is a list"),
        (lambda c: c.update(hyper_parameters=[1]), "not a stroke classifier .its hyper_parameters is a list"),
        (lambda c: c.update(state_dict=[1]), "not a stroke classifier .its state_dict is a list"),
        (lambda c: c["state_dict"].update(more="x"), "not a stroke classifier .more in its state_dict is no tensor"),
        (lambda c: c["slowpaths"].update(temperature="x"), "the temperature 'x', no number above 0"),
        (lambda c: c["slowpaths"].update(temperature=0), "the temperature 0, no number above 0"),
        (lambda c: c["slowpaths"].update(temperature=float("nan")), "the temperature nan, no number above 0"),
        (lambda c: c["hyper_parameters"].update(run=[1]), "does not fit the network it describes"),
        (lambda c: c["hyper_parameters"]["run"].update(clip=[1]), "does not fit the network it describes"),
        (lambda c: c["hyper_parameters"]["optim"].update(lr=0), "does not fit the network .*is no rate"),
        (lambda c: c["hyper_parameters"].update(class_prior="red"), "does not fit the network it describes"),
        (lambda c: c["hyper_parameters"].update(network=[1]), "network._target_ is missing"),
    ],
)
def test_other_checkpoints_are_one_sentence(
    checkpoint: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    change(content)
    torch.save(content, tmp_path / "other.ckpt")
    with pytest.raises(UsageError, match=rf"other\.ckpt\b.*{message}") as caught:
        load_classifier(tmp_path / "other.ckpt")
    assert "\n" not in str(caught.value)


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"gone\.ckpt does not exist"):
        load_classifier(tmp_path / "gone.ckpt")
    (tmp_path / "text.ckpt").write_text("no checkpoint")
    with pytest.raises(MissingWeightsError, match=r"text\.ckpt is not a checkpoint"):
        load_classifier(tmp_path / "text.ckpt")


def test_a_temperature_is_fitted_kept_in_the_checkpoint_and_used(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    path.write_bytes(checkpoint.read_bytes())
    model = load_classifier(path)
    clips = [labelled(f"d{row}", stroke=row) for row in range(4)]
    views = replace(batch(4), index_B=torch.tensor([0, 0, 1, 1]), view_B=torch.tensor([0, 1, 0, 1]))
    plain = predict(model, [views], clips=clips)
    before = model_id(model)
    tempered = calibrate(model, plain, gold={"d0": plain[0].label, "d1": plain[3].label, "gone": "cut"})
    assert model.temperature < 1  # what is always right may be surer
    keep_temperature(path, model.temperature)
    again = load_classifier(path)
    assert again.temperature == model.temperature and model_id(again) == model_id(model) != before
    direct = predict(again, [views], clips=clips)
    for one, other in zip(tempered, direct, strict=True):
        assert (one.delivery_id, one.view_index, one.label) == (other.delivery_id, other.view_index, other.label)
        assert one.probs == pytest.approx(other.probs, abs=1e-6)
        assert one.model_id == other.model_id
    assert max(item.confidence for item in direct) > max(item.confidence for item in plain)


def test_disagreement_is_asked_of_clips_with_several_views() -> None:
    clips = [labelled(f"d{row}", stroke=row) for row in range(2)]
    views = replace(batch(4), index_B=torch.tensor([0, 0, 0, 1]), view_B=torch.tensor([0, 1, 2, 0]))
    found = view_disagreement(predict(classifier(), [views], clips=clips))
    assert found.keys() == {"d0"} and 0 < found["d0"] < np.log2(3)
