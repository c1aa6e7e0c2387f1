"""The timing network learns when, and what is written answers as what was trained."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scripts.calibration.gold import GoldVideo
from scripts.calibration.strokes import Part, Person, peaks

from scripts.calibration import timing
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.impact.timing_inputs import NUM_TIMING_INPUTS


def part_of(seed: int) -> Part:
    """A person whose first input is a bump where a ball is hit; everything else is noise."""
    random = np.random.default_rng(seed)
    times_s, impact_s = np.arange(100) * STEP_S, random.uniform(0.5, 1.5)
    inputs_GC = random.normal(0, 0.3, (100, NUM_TIMING_INPUTS)).astype(np.float32)
    inputs_GC[:, 0] += 2 * np.exp(-0.5 * ((times_s - impact_s) / 0.06) ** 2)
    person = Person(
        times_s=times_s, close_GF=np.zeros((100, 1)), timing_GC=inputs_GC, mirrored_GC=inputs_GC,
        sparse_times_s=times_s, sparse_GF=np.zeros((100, 1)), impacts_s=(impact_s,),
    )  # fmt: skip
    video = GoldVideo(path=Path("v.mp4"), key=f"a-{seed}", group=f"scene {seed}", source="a")
    return Part(video=video, view="pitch_endon", impacts=((impact_s, 25.0),), people=[person])


@pytest.fixture(scope="module")
def network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "MEMBERS", 1)
        patch.setattr(timing, "EPOCHS", 12)
        return timing.fit([part_of(seed) for seed in range(64)])


def test_impacts_of_others_are_timed(network):
    rows = timing.measure(network, [part_of(seed) for seed in range(100, 120)])
    assert np.mean([error_s <= 0.08 for _, error_s, *_ in rows]) >= 0.9


def test_what_is_written_answers_as_what_was_trained(monkeypatch):
    monkeypatch.setattr(timing, "EPOCHS", 1)
    monkeypatch.setattr(timing, "MEMBERS", 1)
    parts = [part_of(seed) for seed in range(8)]
    person = parts[0].people[0]
    trained = timing._train([part.people[0] for part in parts], [1.0] * 8, seed=0)
    with torch.no_grad():
        wanted = trained(torch.from_numpy(person.timing_GC.T[None].copy()), torch.ones(1, 100))[0].numpy()
    assert timing.fit(parts)(person.timing_GC) == pytest.approx(wanted, abs=1e-4)


def test_nobody_seen_is_no_stroke_found(network):
    part = part_of(0)
    rows = timing.measure(network, [Part(video=part.video, view=part.view, impacts=part.impacts, people=[])])
    assert rows == [("a", np.inf, 25.0, False, 0.0)]


def test_peaks_lie_apart():
    times_s = np.arange(200) * STEP_S
    answers_G = sum(
        height * np.exp(-0.5 * ((times_s - at_s) / 0.04) ** 2) for at_s, height in ((0.5, 1), (1.0, 0.9), (3.0, 0.8))
    )
    assert [at_s for at_s, _ in peaks(times_s, answers_G)] == pytest.approx([0.5, 3.0], abs=STEP_S)
