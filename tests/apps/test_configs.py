"""Every configuration composes, says what the code takes, and nothing more."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from slowpaths.apps import _fields, _launch
from slowpaths.cli import VERBS

CONFIGS = _launch.config_dir()
GROUPS = sorted(
    (folder.name, path.stem)
    for folder in CONFIGS.iterdir()
    if folder.is_dir() and folder.name != "sweep"
    for path in folder.glob("*.yaml")
)
PRIMARY = {"pose": "mine", "label_model": "label", "world": "world"}  # the others belong to train


def compose(verb: str, *overrides: str):
    cfg = _launch.compose(verb, overrides, is_whole=False)
    return OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])


@pytest.mark.parametrize("verb", VERBS)
def test_a_primary_config_is_a_table_of_contents_and_holds_what_its_settings_class_says(verb):
    names = [item.name for item in _fields.fields_of(_fields.settings_class(verb))]
    assert set(compose(verb)) == set(names)
    assert len((CONFIGS / f"{verb}.yaml").read_text().splitlines()) <= 20


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_of_a_verb_is_explained(verb):
    kind = _fields.settings_class(verb)
    for item in _fields.fields_of(kind):
        assert f"        {item.name}: " in (kind.__doc__ or ""), item.name


@pytest.mark.parametrize(("group", "option"), GROUPS)
def test_every_option_composes(group, option):
    assert compose(PRIMARY.get(group, "train"), f"{group}={option}") is not None


def keys(function, *leave_out: str) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {item.name for item in parameters if item.kind is item.KEYWORD_ONLY} - set(leave_out)


def test_data_settings_are_those_of_the_data_module():
    from slowpaths.data.module import ClipDataModule

    settings = keys(ClipDataModule.__init__, "mined", "labels", "targets", "seed", "fps")
    assert set(compose("train").data) == set(compose("pretrain").data) == settings


def test_model_loss_and_optim_settings_are_those_of_the_classifier():
    from slowpaths.models.classifier import StrokeClassifier

    cfg = compose("train")
    computed = ("batch_size", "class_prior", "seed", "clip", "lineage", "configuration")
    assert {*cfg.model, *cfg.loss, *cfg.optim} == keys(StrokeClassifier.__init__, *computed)


def test_model_and_optim_settings_are_those_of_pretraining():
    from slowpaths.models.ssl.measures import MeasurePretraining

    cfg = compose("pretrain")
    computed = ("names", "batch_size", "seed", "clip", "lineage", "configuration")
    assert {*cfg.model, *cfg.optim} == keys(MeasurePretraining.__init__, *computed)


def test_trainer_settings_are_those_of_lightning():
    import lightning as L

    assert set(compose("train", "trainer=ddp").trainer) <= set(inspect.signature(L.Trainer.__init__).parameters)


def test_every_sweep_names_keys_that_exist():
    for path in (CONFIGS / "sweep").glob("*.yaml"):
        sweep = OmegaConf.load(path)
        cells = [
            f"{name}={item.value if 'value' in item else item['values'][0]}" for name, item in sweep.parameters.items()
        ]
        assert compose(str(sweep.command[1]), *cells) is not None


def test_the_wheel_carries_the_configs():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert '"configs" = "slowpaths/configs"' in text


@pytest.mark.parametrize("name", ["hierarchical", "dawid_skene", "naive_bayes", "majority"])
def test_label_model_settings_are_those_of_the_model_with_the_same_defaults(name):
    from slowpaths.labelling.class_prior import class_prior
    from slowpaths.labelling.pipeline import build_model

    written = OmegaConf.to_container(OmegaConf.load(CONFIGS / "label_model" / f"{name}.yaml"))
    if "class_prior" in written:
        written["class_prior"] = class_prior(written["class_prior"])
    assert (written.pop("merge_families"), written.pop("temperature")) == (False, "auto")  # the pipeline's own
    parameters = {"name": name} | build_model(name).model.get_params()
    parameters.pop("temperature")
    assert written == {key: list(value) if isinstance(value, tuple) else value for key, value in parameters.items()}


def test_world_settings_are_those_of_the_code_with_the_same_defaults():
    import dataclasses

    from slowpaths.world.settings import PartSettings, WorldSettings, settings_from

    written = OmegaConf.to_container(OmegaConf.load(CONFIGS / "world" / "base.yaml"))
    assert set(written) | {"name", "parts"} == {item.name for item in dataclasses.fields(WorldSettings)} | {"part"}
    settings = settings_from({**written, "name": "w", "parts": {"a": {}}})
    assert settings == WorldSettings(name="w", parts=(PartSettings(name="a"),))


@pytest.mark.parametrize("name", ["tiny", "demo", "study"])
def test_every_world_can_be_built(name):
    from slowpaths.world.settings import settings_from

    settings = settings_from(OmegaConf.to_container(compose("world", f"world={name}").world))
    assert settings.name == name
    if name == "study":  # what the gap study needs
        parts = {part.name: part for part in settings.parts}
        assert (parts["c"].num_matches, parts["c"].num_batters) == (24, 40)
        assert parts["hc"].is_held_out
        assert not set(parts["hc"].venues) & set(parts["c"].venues)
        assert not set(parts["hc"].broadcasters) & set(parts["c"].broadcasters)
