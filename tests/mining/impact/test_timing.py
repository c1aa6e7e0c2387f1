"""What the timing network reads, and how it answers."""

import numpy as np
import pytest

from slowpaths.core.skeleton import INDEX, SWAP
from slowpaths.mining.impact.evidence import weigh
from slowpaths.mining.impact.instant_features import Standing
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.impact.signals import Signals
from slowpaths.mining.impact.timing_inputs import NUM_BODY_INPUTS, NUM_TIMING_INPUTS, timing_inputs
from slowpaths.mining.impact.timing_network import TAPS, TimingNetwork, load_timing_network
from slowpaths.mining.striker.person_flow import CELLS

PTS_S = np.arange(50) / 25
TIMES_S = np.arange(0, PTS_S[-1], STEP_S)


def signals(**fields) -> Signals:
    rng = np.random.default_rng(0)
    known = {
        "hand_speed_T": np.ones(50), "hand_confidence_T": np.full(50, 0.5), "flow_T": np.ones(50),
        "flow_confidence_T": np.ones(50), "camera_T": np.zeros(50), "hand_height_T": np.zeros(50),
        "guard_T": np.zeros(50), "joints_TJC": rng.uniform(0.1, 0.9, (50, 17, 3)),
        "cells_TYXV": rng.uniform(0.1, 2.0, (50, *CELLS, 4)),
    }  # fmt: skip
    return Signals(pts_s=PTS_S, between_s=PTS_S, **(known | fields))


def test_a_mirror_swaps_sides_and_nothing_else():
    seen = signals()
    mirrored = signals(
        joints_TJC=seen.joints_TJC[:, SWAP] * (-1, 1, 1), cells_TYXV=seen.cells_TYXV[:, :, ::-1] * (1, -1, 1, 1)
    )
    np.testing.assert_allclose(timing_inputs(TIMES_S, seen, mirrored=True), timing_inputs(TIMES_S, mirrored))
    np.testing.assert_allclose(timing_inputs(TIMES_S, mirrored, mirrored=True), timing_inputs(TIMES_S, seen))
    assert np.abs(timing_inputs(TIMES_S, seen, mirrored=True) - timing_inputs(TIMES_S, seen)).max() > 0.1


def test_inputs_are_places_speeds_and_flow_in_this_order():
    """The nose, first of the joints, moves right by two torso lengths a second; all of the flow goes down by one."""
    joints_TJC = np.zeros((50, 17, 3))
    joints_TJC[:, 0, 0] = 2.0 * PTS_S - 1.0
    joints_TJC[:, INDEX["left_eye"]] = 9.0  # is not read
    inputs_GC = timing_inputs(
        TIMES_S, signals(joints_TJC=joints_TJC, cells_TYXV=np.full((50, *CELLS, 4), (1.0, 0, 1.0, 1.0)))
    )
    assert inputs_GC.shape == (len(TIMES_S), NUM_TIMING_INPUTS) and inputs_GC.dtype == np.float32
    assert inputs_GC[:, 0] == pytest.approx(2.0 * TIMES_S - 1.0, abs=1e-6)
    assert inputs_GC[:, 26] == pytest.approx(2.0 / 5.0, abs=1e-6)
    assert inputs_GC[:, 52:65] == pytest.approx(-0.4) and inputs_GC[:, 65] == pytest.approx(0.5)
    flow_GYXV = inputs_GC[:, NUM_BODY_INPUTS:-1].reshape(-1, *CELLS, 4)
    assert flow_GYXV[..., (0, 2, 3)] == pytest.approx(np.log(2.0)) and not flow_GYXV[..., 1].any()
    assert inputs_GC[:, -1] == pytest.approx(1.0)


def test_what_is_unknown_is_nought_and_said_to_be():
    joints_TJC, cells_TYXV = signals().joints_TJC.copy(), signals().cells_TYXV.copy()
    joints_TJC[..., :2], cells_TYXV[:] = np.nan, np.nan
    inputs_GC = timing_inputs(TIMES_S, signals(joints_TJC=joints_TJC, cells_TYXV=cells_TYXV))
    assert not inputs_GC[:, :52].any() and not inputs_GC[:, NUM_BODY_INPUTS:].any()
    assert inputs_GC[:, 65] == pytest.approx(-0.5)
    assert np.isfinite(load_timing_network()(inputs_GC)).all()
    one = timing_inputs(TIMES_S[:1], signals())
    assert one.shape == (1, NUM_TIMING_INPUTS) and np.isfinite(load_timing_network()(one)).all()


def test_a_layer_looks_both_ways_as_far_as_its_dilation():
    """One member, one hidden unit: the first layer passes the last input on, the second adds what is four later."""
    taps_LK = np.zeros((3, TAPS))
    taps_LK[2, 3] = 1.0  # one tap after the middle, in the layer that looks four instants apart
    network = TimingNetwork(
        first_weights_MCH=np.eye(NUM_TIMING_INPUTS)[None, :, -1:] * 10.0,
        first_bias_MH=np.zeros((1, 1)),
        layer_weights_MLKHH=taps_LK[None, ..., None, None],
        layer_bias_MLH=np.zeros((1, 3, 1)),
        last_weights_MH=np.full((1, 1), 0.1),
        last_bias_M=np.zeros(1),
    )
    inputs_GC = np.zeros((20, NUM_TIMING_INPUTS))
    inputs_GC[10, -1] = 1.0
    assert network(inputs_GC).round(3).nonzero()[0].tolist() == [6, 10]
    assert network(inputs_GC)[[6, 10]] == pytest.approx([1.0, 1.0], abs=1e-6)


def test_only_a_close_look_is_timed():
    standing = Standing(
        place=0.0, rank=0, tall=0.35, view="pitch_endon", start_s=0.0, duration_s=2.0, is_first=True, is_last=True
    )
    close, sparse = signals(), signals(joints_TJC=None, cells_TYXV=None)
    rates = [weigh(one, standing).movement_G for one in (close, sparse)]
    assert np.abs(rates[0] - rates[1]).max() > 0.1
    with pytest.raises(ValueError, match="now and then"):
        timing_inputs(TIMES_S, sparse)
