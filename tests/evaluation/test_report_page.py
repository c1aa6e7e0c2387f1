from __future__ import annotations

import re

import pytest
from tests.evaluation.tables import make_study

from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.report import evaluate
from slowpaths.evaluation.report_page import _measures


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    truth, predictions = make_study(folder, num_matches=4, batters_per_match=2, balls=12)
    evaluate(predictions, truth, command="slowpaths evaluate <b>").write(folder / "out")
    return (folder / "out" / "report.html").read_text()


def test_accuracy_and_usefulness_stand_side_by_side_with_their_baselines(page: str) -> None:
    accuracy, usefulness = page.index("<h2>Accuracy</h2>"), page.index("<h2>Usefulness</h2>")
    assert accuracy < page.index("<strong>top1</strong>") < usefulness < page.index("<strong>profile_fidelity</strong>")
    bar = re.search(r"<strong>top1</strong>.*?width:([\d.]+)%.*?left:([\d.]+)%", page)
    assert bar and float(bar[1]) > float(bar[2]) > 0


def test_the_mark_is_the_better_baseline_also_where_less_is_better(page: str) -> None:
    found = re.search(r"<strong>profile_error</strong>.*?left:([\d.]+)%.*?(<td class=.n.>.*?)</tr>", page)
    assert found
    chance, constant = (float(text) for text in re.findall(r">([\d.]+)</td>", found[2])[-3:-1])
    assert float(found[1]) == pytest.approx(100 * min(chance, constant), abs=0.06)


def test_the_page_holds_everything_and_fetches_nothing(page: str) -> None:
    assert page.count("data:image/png;base64,") >= 4
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "default-src 'none'" in page and "<script" not in page


def test_text_is_no_markup(page: str) -> None:
    assert "slowpaths evaluate &lt;b&gt;" in page


def test_an_interval_without_an_upper_end_is_said_as_in_the_text() -> None:
    measure = Measure(name="label_worth", side="usefulness", meaning="labels", value=3.0, low=2.0, num=9)
    assert "(2.000 or more)" in _measures([measure])
