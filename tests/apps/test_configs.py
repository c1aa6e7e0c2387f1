"""Every configuration composes, says what the code takes, and nothing more."""

from __future__ import annotations

import dataclasses
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
    if folder.is_dir()
    and folder.name not in ("sweep", "clip_size")  # of W&B, and what a network is shown: model= brings it
    for path in folder.glob("*.yaml")
)
PRIMARY = {
    "pose": "mine",
    "objective": "pretrain",
    "label_model": "label",
    "world": "world",
}  # the others belong to train


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
        assert _fields.docs_of(kind).get(item.name), item.name


@pytest.mark.parametrize(("group", "option"), GROUPS)
def test_every_option_composes(group, option):
    verb = "pretrain" if option == "ssl_tiny" else PRIMARY.get(group, "train")  # it chooses an objective
    assert compose(verb, f"{group}={option}") is not None


@pytest.mark.parametrize("verb", ["train", "pretrain"])
def test_settings_of_training_are_those_of_the_code(verb):
    import slowpaths.models.settings as models
    from slowpaths.data.settings import ClipSettings

    cfg = OmegaConf.to_container(compose(verb, "mined=m", "out=o"), resolve=True)
    assert ClipSettings(**cfg["data"]).alpha == cfg["model"]["alpha"] == 4
    own = models.OptimSettings(**cfg["optim"])
    assert own.lr == (0.01 if verb == "train" else 0.0015)
    assert {**cfg["optim"]} == dataclasses.asdict(own)
    if verb == "train":
        assert models.LossSettings(**cfg["loss"]) == models.LossSettings()


@pytest.mark.parametrize("name", ["model", "loss", "optim", "objective", "logger"])
def test_every_part_can_be_found_and_takes_its_arguments(name):
    from slowpaths.core.parts import arguments_of, locate

    def parts(node):
        if "_target_" in node:
            yield node
        for child in node.values():
            if isinstance(child, dict):
                yield from parts(child)

    for path in (CONFIGS / name).glob("*.yaml"):
        for node in parts(OmegaConf.to_container(OmegaConf.load(path))):
            taken = inspect.signature(locate(node["_target_"])).parameters
            assert set(arguments_of(node)) - {"defaults"} <= set(taken), path


def test_a_small_network_is_shown_small_clips_unless_it_is_said_otherwise():
    def shown(*words):
        data = compose("train", *words).data
        return data.num_frames, data.frame_stride, data.crop_px, data.num_workers

    assert shown() == (32, 1, 224, 2)
    assert shown("model=slowfast_tiny") == (16, 2, 96, 0)
    assert shown("model=slowfast_tiny", "data.crop_px=64") == (16, 2, 64, 0)
    assert shown("model=slowfast_tiny", "experiment=tiny_cpu") == (32, 1, 96, 0)
    assert shown("experiment=demo") == (16, 2, 64, 0)
    assert shown("model=skeleton_gru")[:3] == (32, 1, 224)
    rates = [
        compose("train", *words).optim.head_lr_ratio
        for words in (["model=slowfast_tiny"], ["experiment=demo"], ["model=slowfast_tiny", "optim.head_lr_ratio=3"])
    ]
    assert rates == [1, 10, 3]


def test_trainer_settings_are_those_of_lightning():
    import lightning as L

    assert set(compose("train", "trainer=fsdp").trainer) <= set(inspect.signature(L.Trainer.__init__).parameters)


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
    from slowpaths.labelling.model.build import build_model

    config = OmegaConf.to_container(compose("label", f"label_model={name}").label_model)
    model = build_model(config)
    assert f"{type(model).__module__}.{type(model).__name__}" == config.pop("_target_")
    assert config == model.get_params() == build_model(name).get_params()


def test_world_options_only_choose_and_every_setting_is_a_key():
    import dataclasses

    from slowpaths.world.world_settings import WorldSettings

    assert set(compose("world").world) == {item.name for item in dataclasses.fields(WorldSettings)}
    for path in (CONFIGS / "world").glob("*.yaml"):
        written = OmegaConf.to_container(OmegaConf.load(path))
        repeated = {key for key, value in written.items() if value == getattr(WorldSettings, key, None)}
        assert not repeated - {"name"}, path.name


@pytest.mark.parametrize("name", ["tiny", "demo", "study"])
def test_every_world_can_be_built(name):
    from slowpaths.apps import _values
    from slowpaths.world.world_settings import WorldSettings

    settings = _values.build(WorldSettings, compose("world", f"world={name}").world)
    assert settings.name == name
    if name == "study":  # what the gap study needs
        parts = settings.parts
        assert (parts["c"].num_matches, parts["c"].num_batters) == (24, 40)
        assert parts["hc"].is_held_out
        assert not set(parts["hc"].venues) & set(parts["c"].venues)
        assert not set(parts["hc"].broadcasters) & set(parts["c"].broadcasters)
