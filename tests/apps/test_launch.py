"""Whatever is typed wrongly is one sentence that names it, exit code 1 or 2, and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import errno
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from tests.apps.refusal import refused

from slowpaths.apps import _errors, _fields, _launch, world
from slowpaths.cli import VERBS, main
from slowpaths.core.errors import UsageError

GIVEN = {
    "demo": [], "doctor": [], "world": ["out=w", "world=tiny"], "mine": ["footage=f"], "label": ["mined=m"],
    "review": ["mined=m"], "pretrain": ["mined=m"], "train": ["mined=m"], "predict": ["ckpt=c", "footage=f"],
    "evaluate": ["truth=t.csv"], "compare": ["runs=r"], "gap": ["runs=r"], "audit": ["mined=m"],
    "explain": ["ckpt=c", "mined=m"], "export": ["ckpt=c"], "figures": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def typed_keys(kind: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for item in _fields.fields_of(kind):
        inner = [arm for arm in _fields.arms(item.annotation) if _fields.is_settings(arm)]
        if inner:
            yield from typed_keys(inner[0], f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", item.annotation


def wrong(annotation: Any) -> str | None:
    """Return a value of another kind than an annotation, where there is one."""
    arms = _fields.arms(annotation)
    if get_origin(arms[0]) in (tuple, list):
        inside = wrong(get_args(arms[0])[0])
        return f"[{inside}]" if inside else None
    if any(arm in (str, Path, Any) or (get_origin(arm) is not Literal and get_args(arm)) for arm in arms):
        return None
    return "nonesuch"


KEYS = [
    (verb, key, value)
    for verb in VERBS
    for key, annotation in typed_keys(_fields.settings_class(verb))
    if (value := wrong(annotation)) is not None
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_typed_key_of_every_verb_refuses_another_kind_by_its_name(verb):
    keys = [(key, value) for owner, key, value in KEYS if owner == verb]
    assert keys or verb in ("doctor", "compare", "figures")
    for key, value in keys:
        with pytest.raises(UsageError, match=rf"^{key}(\[0\])?=nonesuch is (not|unknown)|^{key}: "):
            _launch.compose(verb, [*GIVEN[verb], f"{key}={value}"])


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_key_is_named_with_the_nearest_one(verb, capsys):
    first = next(item.name for item in _fields.fields_of(_fields.settings_class(verb)) if len(item.name) > 2)
    assert f"unknown key '{first}x'; did you mean '{first}'?" in refused(capsys, verb, f"{first}x=1")


@pytest.mark.parametrize(
    ("verb", "override", "sentence"),
    [
        ("mine", "mining.min_event_p=often", "mining.min_event_p=often is not a number"),
        ("mine", "mining.work_height=2.5", "mining.work_height=2.5 is not a whole number"),
        ("mine", "mining.sound=loud", "mining.sound=loud is not true or false"),
        ("mine", "mining.sond=false", "unknown key 'mining.sond'; did you mean 'mining.sound'?"),
        ("mine", "workers=lots", "workers=lots is not a whole number or auto"),
        ("mine", "seed=foo", "seed=foo is not a whole number"),
        ("mine", "seed=null", "seed=null is not a whole number"),
        ("mine", "pose=openpose", "unknown pose 'openpose'; choose one of auto, "),
        ("label", "selection.keep_share=3", "selection.keep_share"),
        ("label", "rules.include={foot: 1}", "rules.include"),
        ("label", "label_model=snorkel", "unknown label_model 'snorkel'; choose one of dawid_skene"),
        ("review", "embed=maybe", "embed=maybe is unknown: choose one of auto, always, never"),
        ("review", "max_cards=0", "max_cards=0 shows nothing: give 1 or more"),
        ("evaluate", "tolerance_s=nan", "tolerance_s=nan is no length of time"),
        ("evaluate", "tolerance_s=-1", "tolerance_s=-1 is no length of time"),
        ("evaluate", "split=foo", "split=foo is unknown: choose one of auto, test"),
        ("predict", "batch_size=0", "batch_size=0 predicts nothing: give 1 or more"),
        ("train", "trainer.precision=foo", "trainer.precision=foo is unknown: choose one of 32-true"),
        ("train", "trainer.max_epochs=0", "trainer.max_epochs=0 is too small: give 1 or more"),
        ("train", "trainer.devices=0", "trainer.devices=0 trains nowhere"),
        ("train", "seed=foo", "seed=foo is not a whole number"),
        ("pretrain", "trainer.limit_train_batches=1.5", "is neither a count nor a share"),
        ("world", "seed=1.5", "seed=1.5 is not a whole number"),
        ("world", "out=", "out= is missing: try `slowpaths world out=...`"),
    ],
)
@pytest.mark.parametrize("is_sweep", [False, True])
def test_a_wrong_value_is_one_sentence_also_in_a_sweep(capsys, verb, override, sentence, is_sweep):
    swept = ["seed=0,1"] if hasattr(_fields.settings_class(verb), "seed") and "seed" not in override else []
    words = ["-m", *swept] if is_sweep else []
    assert sentence in refused(capsys, verb, *words, *GIVEN[verb], override)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mine", "footage=2023"], "footage=2023 does not exist"),
        (["mine", "footage=2024.10"], "footage=2024.10 does not exist"),
        (["mine", "footage=2024_01"], "footage=2024_01 does not exist"),
        (["mine", "footage=Lord's.mp4"], "footage=Lord's.mp4 does not exist"),
        (["mine", "footage=a (1).mp4"], "footage=a (1).mp4 does not exist"),
        (["mine", "footage=~/no such folder"], f"{Path.home()}/no such folder does not exist"),
        (["mine", "footage=[a"], "cannot read footage=[a: give a value with spaces, quotes"),
        (["mine", "footage=a,b.mp4"], "give a list, footage=[a,b.mp4], -m for a sweep, or quotes"),
        (["train", "--foo"], "unrecognized arguments: --foo"),
        (["train", "--config-dir", "nowhere", "mined=m"], "--config-dir nowhere is no folder"),
        (["mine", "--cfg", "jobs"], "choose from 'job', 'hydra', 'all'"),
        (["train", "seed=1,2", "mined=m"], "seed= has several values"),
        (["train", "mined=m", "model={a: 1}"], "unknown key 'model.a'; did you mean 'model.alpha'?"),
        (["label", "mined=m", "label_model.class_prior={foo: 1}"], "unknown key 'label_model.class_prior.foo'"),
        (["label", "mined=m", "label_model.class_prior=[1,2]"], "label_model.class_prior=[1,2] is not a group of keys"),
        (["label", "mined=m", "label_model.class_prior.cut=null"], "label_model.class_prior.cut=null is no value"),
        (["label", "mined=m", "label_model=[1]"], "label_model=[1] names no label_model; choose one of dawid_skene"),
        (["mine", "footage=f", "pose=[1]"], "pose=[1] names no pose; choose one of auto"),
        (["train", "mined=m", "model=[]"], "model=[] names no model; choose one of "),
        (["label", "mined=m", "out=o"], "unknown key 'out'; `slowpaths label --help` lists the keys"),
    ],
)
def test_paths_are_taken_as_they_are_and_what_cannot_be_read_is_explained(capsys, arguments, sentence):
    assert sentence in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("verb", "key"), [("label", "mined"), ("train", "mined"), ("evaluate", "mined"), ("evaluate", "truth")]
)
def test_a_folder_whose_name_is_a_number_is_looked_for_under_its_name(capsys, verb, key):
    more = ["truth=."] if (verb, key) == ("evaluate", "mined") else []
    assert f"{key}=2024.10 does not exist" in refused(capsys, verb, *more, f"{key}=2024.10")


def test_a_path_with_a_tilde_is_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    cfg = _launch.compose("mine", ["footage=~/f", "out=~/o", "gold=~/g.csv"])
    found = [_launch.plain(cfg)[key] for key in ("footage", "out", "gold")]
    assert found == [f"{tmp_path}/{name}" for name in ("f", "o", "g.csv")]


def test_one_value_is_a_list_of_one():
    assert _launch.plain(_launch.compose("mine", ["footage=f", "oracle=views"]))["oracle"] == ["views"]


NUMBERS = [
    (verb, key, annotation)
    for verb in VERBS
    for key, annotation in typed_keys(_fields.settings_class(verb))
    if {int, float} & set(_fields.arms(annotation))
]


@pytest.mark.parametrize("verb", sorted({verb for verb, _, _ in NUMBERS}))
def test_no_verb_takes_a_number_that_no_computation_can_use(verb):
    """All its values are looked at, whichever they are: the last number of each kind stands for them."""
    last = {kind: key for owner, key, annotation in NUMBERS if owner == verb for kind in _fields.arms(annotation)}
    for kind, value in ((float, "nan"), (float, "-inf"), (int, "99999999999999999999")):
        if kind in last:
            with pytest.raises(UsageError, match=rf"{last[kind].split('.')[-1]}.*{value[-4:]}"):
                _launch.compose(verb, [*GIVEN[verb], f"{last[kind]}={value}"])


@pytest.mark.parametrize(
    ("verb", "override", "sentence"),
    [
        ("train", "optim.optimiser.momentum=nan", "optim.optimiser.momentum=nan is no finite number: give another"),
        ("train", "model.dropout=inf", "model.dropout=inf is no finite number: give another"),
        ("mine", "pose=compact pose.score_min=nan", "pose.score_min=nan is no finite number: give another"),
        ("mine", "label_model.class_prior={leave: .inf}", "label_model.class_prior"),
    ],
)
def test_nor_does_a_part(verb, override, sentence):
    with pytest.raises(UsageError, match=sentence):
        _launch.compose(verb, [*GIVEN[verb], *override.split(" ", 1 if "pose=" in override else 0)])


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "-1"), ("seed", "4294967296"), ("workers", "0"), ("workers", "-1"), ("tolerance_s", "-1")],
)
def test_the_same_key_has_the_same_range_in_every_verb(key, value):
    owners = [verb for verb, name, _ in NUMBERS if name == key]
    assert len(owners) > 1
    for verb in owners:
        with pytest.raises(UsageError, match=f"^{key}={value} "):
            _launch.compose(verb, [*GIVEN[verb], f"{key}={value}"])


def test_a_switch_takes_no_number_but_0_and_1():
    for value in ("5", "-1", "0.5"):
        with pytest.raises(UsageError, match=f"mining.sound={value} is not true or false"):
            _launch.compose("mine", ["footage=f", f"mining.sound={value}"])
    found = [_launch.compose("mine", ["footage=f", f"mining.sound={value}"]).mining.sound for value in ("0", "1")]
    assert found == [False, True]


@pytest.mark.parametrize(
    ("verb", "override", "value"),
    [
        ("mine", "footage=[2024_01,abc]", ["2024_01", "abc"]),
        ("mine", "footage=Café (1).mp4", "Café (1).mp4"),
        ("compare", "runs=2024.10,3", ["2024.10", "3"]),
        ("compare", "runs=[1, 'a b']", ["1", "a b"]),
        ("label", "company=[007]", ["007"]),
        ("figures", "only=[1,2_0]", ["1", "2_0"]),
        ("compare", "title=Café, à côté (2)", "Café, à côté (2)"),
        ("compare", "title=true", "true"),
        ("compare", "title=007", "007"),
    ],
)
def test_words_are_taken_as_they_are(verb, override, value):
    key = override.partition("=")[0]
    words = [*(text for text in GIVEN[verb] if not text.startswith(f"{key}=")), override]
    assert _launch.plain(_launch.compose(verb, words))[key] == value


@dataclasses.dataclass
class Raising:
    """An app that fails."""

    error: BaseException

    def __call__(self, cfg: Any) -> Any:
        raise self.error


class Api(Exception):
    """An error of W&B."""


Api.__module__ = "wandb.errors"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyboardInterrupt(), "interrupted; the same command goes on from here"),
        (MemoryError(), "memory is full"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y may not be read or written"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/x/y"), "/x/y cannot be used (Not a directory)"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), "the GPU has too little memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "the GPU has too little memory"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), "the GPU has too little memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "the GPU has too little memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate"), "memory is full"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), "memory is full"),
        (RuntimeError("std::bad_alloc"), "memory is full"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory is full"),
        (
            RuntimeError(
                "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers "
                "are out of shared memory. Please try to raise your shared memory limit."
            ),
            "shared memory is full: lower data.num_workers",
        ),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), "most likely for want of memory"),
        (RuntimeError("DataLoader worker (pid(s) 7, 8) exited unexpectedly"), "most likely for want of memory"),
        (
            type("MisconfigurationException", (Exception,), {})("No gpu\nfound"),
            "the trainer cannot start: No gpu found",
        ),
        (Api("no API key"), "W&B refuses (no API key): run `wandb login`"),
    ],
)
def test_what_a_machine_refuses_is_one_sentence(monkeypatch, capsys, error, sentence):
    monkeypatch.setattr(world, "run", Raising(error))
    assert sentence in refused(capsys, "world", "out=w", code=1)


def test_a_fault_of_ours_keeps_its_traceback_for_a_report(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(world, "run", Raising(ZeroDivisionError("deep inside")))
    monkeypatch.setattr(_errors.tempfile, "tempdir", str(tmp_path))
    assert main(["world", "out=w"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("slowpaths world: a fault of slowpaths: ZeroDivisionError; please report it with ")
    text = Path(error.split(" with ")[1].strip()).read_text()
    assert "Traceback" in text and "deep inside" in text


def test_whoever_stops_reading_hears_nothing(monkeypatch, capfd):
    monkeypatch.setattr(world, "run", Raising(BrokenPipeError()))
    assert main(["world", "out=w"]) == 1
    assert capfd.readouterr().err == ""


def test_a_run_keeps_its_configuration_and_log_once_its_folder_is_there(monkeypatch, capsys):
    from slowpaths.apps import evaluate

    def run(cfg: Any) -> _launch.Outcome:
        logging.getLogger("slowpaths.there").info("before")
        Path(cfg.out).mkdir()
        logging.getLogger("slowpaths.there").warning("after")
        return _launch.Outcome()

    monkeypatch.setattr(evaluate, "run", run)
    handlers = list(logging.getLogger().handlers)
    Path("t.csv").touch()
    assert main(["evaluate", "truth=t.csv", "out=report"]) == 0
    assert sorted(path.name for path in Path("report").iterdir()) == ["config.yaml", "run.json", "run.log"]
    assert "tolerance_s: 0.5" in Path("report/config.yaml").read_text()
    lines = Path("report/run.log").read_text().splitlines()
    assert [line.rsplit(" - ")[-1] for line in lines] == ["before", "after"]
    assert capsys.readouterr().err == "after\n"  # the terminal hears warnings only
    assert logging.getLogger().handlers == handlers


def test_a_verb_within_another_says_a_warning_once(monkeypatch, capsys):
    from slowpaths.apps import train

    monkeypatch.setattr(_launch, "check_start", lambda verb, cfg: None)  # there is nothing to train on

    def inner(cfg: Any) -> _launch.Outcome:
        logging.getLogger("slowpaths.inner").warning("said once")
        return _launch.Outcome()

    def outer(cfg: Any) -> _launch.Outcome:
        assert _launch.launch("train", ["mined=m", "out=never"]) == 0
        logging.getLogger("slowpaths.outer").warning("and of the outer verb")
        return _launch.Outcome()

    monkeypatch.setattr(train, "run", inner)
    monkeypatch.setattr(world, "run", outer)
    assert main(["world", "out=w"]) == 0
    out, error = capsys.readouterr()
    assert out.count("said once") == 1 and error == "and of the outer verb\n"
    assert list(Path().iterdir()) == []


class SIGTERMException(SystemExit):
    """What Lightning raises where the process is told to end."""


@pytest.mark.parametrize(("error", "code"), [(SIGTERMException(), 143), (SystemExit(7), None)])
def test_a_verb_that_is_told_to_end_does_not_look_like_success(monkeypatch, capsys, error, code):
    def told(verb, cfg):
        raise error

    monkeypatch.setattr("slowpaths.apps._launch.run_verb", told)
    if code is None:
        with pytest.raises(SystemExit):
            _launch.launch("doctor", [])
    else:
        assert _launch.launch("doctor", []) == code
        assert capsys.readouterr().err == "slowpaths doctor: told to end; the same command goes on from here\n"


def test_an_interruption_that_a_library_turns_into_an_exit_is_said(tmp_path, monkeypatch, capsys):
    def interrupted(verb, cfg):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)  # as Lightning ends a training

    monkeypatch.setattr(_launch, "run_verb", interrupted)
    assert main(["world", "world=tiny", f"out={tmp_path / 'w'}"]) == 1
    assert capsys.readouterr().err == "slowpaths world: interrupted; the same command goes on from here\n"
