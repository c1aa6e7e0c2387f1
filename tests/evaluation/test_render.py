from __future__ import annotations

from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.render import to_markdown
from slowpaths.evaluation.report import Report


def test_accuracy_and_usefulness_stand_in_one_table() -> None:
    measures = [
        Measure(name="top1", side="accuracy", meaning="right", value=0.5, low=0.4, high=0.6, chance=0.1, num=10),
        Measure(name="review_minutes", side="usefulness", meaning="minutes", value=7.25, num=3, unit="min"),
        Measure(name="label_worth", side="usefulness", meaning="labels", value=3.0, low=2.0, num=9),
        Measure(name="top5", side="accuracy", meaning="right among five", reason="there are only 5 classes"),
    ]
    report = Report(
        measures=tuple(measures),
        tables={"per_class": [{"class": "a|b", "recall": float("nan"), "support": 2}]},
        notes=("Few.",),
        counts={},
        settings={},
        inputs={},
        command="slowpaths evaluate",
    )
    text = to_markdown(report, figures=["confusion"])
    assert "\n- top1: chance is every class alike; constant is the most frequent class.\n" in text
    assert "| 2.000 or more |" in text and "- label_worth: chance is labels alone." in text
    assert "| accuracy | top1 | 0.500 | 0.400 to 0.600 | 0.100 |  | 10 | right |\n| usefulness | review_minutes" in text
    assert "- top5: not measured: there are only 5 classes." in text
    assert "| a\\|b |  | 2 |" in text
    assert "![confusion](figures/confusion.png)" in text and "- Few." in text
