from __future__ import annotations

import math

from slowpaths.evaluation.figures.draw import styled
from slowpaths.evaluation.systems_compared import MOST_FREQUENT, compare_systems, draw_systems, sentence, table_lines


def measures(top1: float, profile: float, retrieval: float, *, width: float | None = 0.05) -> dict:
    def item(value: float, constant: float | None) -> dict:
        ends = {"low": None, "high": None} if width is None else {"low": value - width, "high": value + width}
        return {"value": value, **ends, "constant": constant}

    return {
        "top1": item(top1, 0.2),
        "profile_fidelity": item(profile, 0.4),
        "retrieval_ap": item(retrieval, None),
        "decision_utility": item(top1, None),
    }


def test_each_system_stands_beside_the_most_frequent_stroke() -> None:
    table = compare_systems({"a": measures(0.8, 0.6, 0.5), "b": measures(0.5, 0.9, 0.4)})
    assert [row["system"] for row in table] == ["a", "b", MOST_FREQUENT]
    assert (table[2]["top1"], table[2]["profile_fidelity"], table[2]["decision_utility"]) == (0.2, 0.4, 0.0)
    assert math.isnan(table[2]["retrieval_ap"])
    assert table_lines(table)[0] == ["a", "0.80 (0.75 to 0.85)", "0.60 (0.55 to 0.65)", "0.50 (0.45 to 0.55)",
                                     "0.80 (0.75 to 0.85)"]  # fmt: skip
    assert table_lines(table)[2][1:3] == ["0.20", "0.40"]


def test_the_sentence_says_where_usefulness_orders_otherwise() -> None:
    table = compare_systems({"a": measures(0.8, 0.6, 0.5), "b": measures(0.5, 0.9, 0.4)})
    assert sentence(table) == ("By accuracy: a, b. Usefulness orders them otherwise: stroke profiles put b before a.")
    alike = compare_systems({"a": measures(0.8, 0.9, 0.5), "b": measures(0.78, 0.6, 0.4)})
    assert (
        sentence(alike) == "By accuracy: a, b. Usefulness orders them alike. Intervals overlap: the order may be luck."
    )
    bare = compare_systems({"a": measures(0.8, 0.9, 0.5, width=None), "b": measures(0.5, 0.6, 0.4, width=None)})
    assert sentence(bare).endswith("So few matches allow no interval: the order may be luck.")


def test_a_mark_stands_at_accuracy_and_usefulness() -> None:
    with styled():
        figure = draw_systems(compare_systems({"a": measures(0.8, 0.6, 0.5)}))
    profiles = figure.axes[0]
    assert [bars[0].get_xydata().tolist() for bars in profiles.containers] == [[[0.8, 0.6]], [[0.2, 0.4]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", MOST_FREQUENT]
