from __future__ import annotations

import pytest

from slowpaths.core.errors import TableError, UsageError
from slowpaths.evaluation.figures.chart import Chart, cells, draw_chart
from slowpaths.evaluation.figures.draw import styled

TABLE = [
    {"system": "a", "set": "one", "share": "0.5", "low": "0.4", "high": "0.7", "best": "0.2", "clips": "10"},
    {"system": "b", "set": "one", "share": "0.25", "low": "", "high": "", "best": "0.2", "clips": "100"},
    {"system": "a", "set": "two", "share": "0.75", "low": "0.7", "high": "0.8", "best": "0.3", "clips": "1000"},
]
WORDS = {"table": "t.csv", "title": "Shares", "caption": "Shares.", "command": "make shares", "y": "share"}


def test_bars_stand_at_their_values_with_interval_and_baseline() -> None:
    chart = Chart(x="system", panel="set", low="low", high="high", baseline="best", **WORDS)
    with styled():
        figure = draw_chart(chart, TABLE)
    one, two = figure.axes
    assert [bar.get_height() for bar in one.patches] == [0.5, 0.25]
    assert [bar.get_height() for bar in two.patches] == [0.75]
    assert [one.get_title(loc="left"), two.get_title(loc="left")] == ["one", "two"]
    spans = [segment[:, 1].tolist() for line in one.collections for segment in line.get_segments()]
    assert [0.4, 0.7] in [pytest.approx(span) for span in spans]
    assert one.get_ylim() == two.get_ylim()  # panels share their axes


def test_lines_run_in_the_order_of_numbers_and_tell_series_apart_without_colour() -> None:
    chart = Chart(x="clips", kind="lines", series="set", is_log=True, **WORDS)
    figure = draw_chart(chart, list(reversed(TABLE)))
    (axes,) = figure.axes
    drawn = {line.get_label(): line for line in (bars[0] for bars in axes.containers)}
    by_set = {bars.get_label(): bars[0].get_xydata().tolist() for bars in axes.containers}
    assert by_set == {"one": [[10.0, 0.5], [100.0, 0.25]], "two": [[1000.0, 0.75]]}
    assert len({(line.get_marker(), line.get_linestyle()) for line in drawn.values()} | {0}) >= 2
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["two", "one"]


def test_rows_are_chosen_and_those_without_a_number_left_out() -> None:
    table = [*TABLE, {**TABLE[0], "share": ""}]
    assert len(Chart(x="system", where={"set": ("one",)}, **WORDS).rows(table)) == 2


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(TableError, match=r"t.csv has no column 'systems'; did you mean 'system'\?"):
        Chart(x="systems", **WORDS).rows(TABLE)
    with pytest.raises(TableError, match=r"t.csv has no row with 'ones' in 'set', .*; did you mean 'one'\?"):
        Chart(x="system", where={"set": ("ones", "two")}, **WORDS).rows(TABLE)
    with pytest.raises(TableError, match="holds no row with a number in 'share'"):
        Chart(x="system", **WORDS).rows([row | {"share": ""} for row in TABLE])
    with pytest.raises(UsageError, match="two ends of an interval"):
        Chart(x="system", low="low", **WORDS)
    with pytest.raises(UsageError, match="has not two ends"):
        Chart(x="system", y_range=(0.0,), **WORDS)


def test_a_table_has_a_row_a_series_and_a_column_a_place_and_nothing_where_nothing_is_known() -> None:
    chart = Chart(x="set", kind="table", series="system", low="low", high="high", **WORDS)
    heads, body = cells(chart, TABLE)
    assert heads == ["", "one", "two"]
    assert body == [["a", ".50 (.40 to .70)", ".75 (.70 to .80)"], ["b", ".25", ""]]
    with styled():
        figure = draw_chart(chart, TABLE)
    (axes,) = figure.axes
    (drawn,) = axes.tables
    assert {at: cell.get_text().get_text() for at, cell in drawn.get_celld().items()}[1, 2] == ".75 (.70 to .80)"
    assert figure.get_suptitle() == "Shares"


def test_marked_points_have_a_ring() -> None:
    chart = Chart(x="clips", kind="lines", mark="stop", **WORDS)
    figure = draw_chart(chart, [row | {"stop": str(number % 2)} for number, row in enumerate(TABLE)])
    rings = [line for line in figure.axes[0].lines if line.get_fillstyle() == "none"]
    assert [line.get_xydata().tolist() for line in rings] == [[[100.0, 0.25]]]


def test_more_than_four_panels_go_on_in_the_next_line() -> None:
    table = [{"set": f"s{at % 6}", "clips": str(at), "share": "0.5"} for at in range(12)]
    with styled():
        figure = draw_chart(Chart(x="clips", kind="lines", panel="set", **WORDS), table)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == [f"s{at}" for at in range(6)]
    assert len({axes.get_subplotspec().rowspan.start for axes in shown}) == 2
