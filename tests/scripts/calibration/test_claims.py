"""What both networks say of shots is counted, and turned into a probability that holds."""

from dataclasses import replace

import numpy as np
import pytest
from tests.scripts.calibration.test_timing import part_of

from scripts.calibration import claims
from slowpaths.mining.impact.evidence import ANSWER_PER_IMPACT
from slowpaths.mining.impact.instants import STEP_S


def bump(times_s: np.ndarray, at_s: float) -> np.ndarray:
    """Answers that add up to one impact."""
    answers_G = np.exp(-0.5 * ((times_s - at_s) / 0.04) ** 2)
    return 0.9 * answers_G * min(1.0, ANSWER_PER_IMPACT / answers_G.sum())


def test_errors_and_log_odds_of_a_shot() -> None:
    part = part_of(3)
    ((impact_s, _),) = part.impacts
    times_s = part.people[0].times_s
    networks = (lambda _: bump(times_s, impact_s + 0.1), lambda _: np.full(len(times_s), -20.0))
    found = claims.answer_part(part, half=1, networks=networks)
    ((error_s, frames),) = found["moment network"].errors
    assert error_s == pytest.approx(0.1, abs=STEP_S) and frames == pytest.approx(25 * error_s)
    assert found["moment network"].has_stroke and found["moment network"].half == 1
    # about .9 impacts expected: log(e^.9 - 1)
    assert found["moment network"].log_odds == pytest.approx(np.log(np.expm1(0.9)), abs=0.15)
    assert found["timing network"].log_odds < -10 < found["both"].log_odds < found["moment network"].log_odds


def test_the_table_of_one_half_reads_the_line_of_the_other() -> None:
    random = np.random.default_rng(0)
    some = []
    for half, offset in ((0, 1.0), (1, -1.0)):
        log_odds = random.normal(0, 3, 4000)
        has_stroke = random.random(4000) < 1 / (1 + np.exp(-(0.5 * log_odds + offset)))
        some += [
            claims.Answer(half, bool(is_there), float(one), [(0.0, 0.0)] if is_there else [])
            for one, is_there in zip(log_odds, has_stroke, strict=True)
        ]
    lines: list[str] = []
    claims.report({what: some for what in claims.WHAT}, lines.append)
    told = {line.split(":")[0]: line.split(":")[1].split() for line in lines if line.startswith("log odds")}
    assert float(told["log odds of a stroke, half 0"][0]) == pytest.approx(0.5, abs=0.05)
    assert float(told["log odds of a stroke, half 0"][3]) == pytest.approx(1.0, abs=0.1)
    assert float(told["log odds of a stroke, half 1"][3]) == pytest.approx(-1.0, abs=0.1)
    # offsets of the halves differ, so claims between are wrong by it, in both directions alike
    (middle,) = [line for line in lines if line.startswith("claimed 0.4 to 0.6")]
    assert "of" in middle and 0.4 < float(middle.split("true ")[1].split()[0]) < 0.6


def test_nobody_seen_is_no_stroke_claimed() -> None:
    found = claims.answer_part(replace(part_of(0), people=[]), half=0, networks=(None, None))
    assert all(answer.log_odds == -np.inf and answer.errors == [(np.inf, np.inf)] for answer in found.values())
