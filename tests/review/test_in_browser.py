"""The review page as a browser shows it: clips play, frames are exact, filters and keys work, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.browser import Browser, find_chromium
from tests.factories import NUM_BARS
from tests.review.mined import HARM, IMPACT_FRAME, NUM_FRAMES, write_reviewable, write_said

from slowpaths.review.deck import read_deck
from slowpaths.review.page import write_page

pytestmark = pytest.mark.browser
MINUS_ONE = "impact \N{MINUS SIGN}1"
FIRST = "document.querySelector('#cards video')"
IDS = "[...document.querySelectorAll('#cards article')].map(card => card.id.replace('delivery-', ''))"
# Read the bars of the picture on the screen back to the number of the frame (`tests.factories.bars`).
FRAME = f"""(() => {{
  const video = {FIRST}, canvas = document.createElement('canvas'), size = video.videoWidth;
  canvas.width = canvas.height = size;
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0);
  const row = pen.getImageData(0, Math.round(size * 0.7), size, 1).data;
  const grey = (bar) => row[4 * Math.floor((bar + 0.5) * size / {NUM_BARS}) + 1];
  return Array.from({{ length: {NUM_BARS} }}, (_, bar) => (grey(bar) > 127) << bar).reduce((a, b) => a | b);
}})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium on this machine: install it to look at the review page")
    try:
        browser = Browser(executable, tmp_path_factory.mktemp("profile"))
    except (OSError, TimeoutError) as error:
        pytest.skip(f"{executable} does not start here: {error}")
    with browser:
        yield browser


@pytest.fixture(scope="module")
def mined(tmp_path_factory) -> Path:
    return write_reviewable(tmp_path_factory.mktemp("browser") / "a set")


@pytest.fixture(params=["always", "never"])
def page(request, mined, browser) -> Path:
    """Open the page with embedded and with linked clips; a test must leave nothing to complain about."""
    path = mined / f"{request.param}.html"
    write_page(read_deck(mined), path, embed=request.param)
    browser.open(path)
    yield path
    assert browser.complaints() == []


def choose(browser: Browser, name: str, value: str) -> list[str]:
    """Choose from a list as a person would and return the deliveries that are left."""
    browser.evaluate(f"(select => {{ select.value = '{value}'; select.dispatchEvent(new Event('change')) }})"
                     f"(document.getElementById('choose-{name}'))")  # fmt: skip
    return browser.evaluate(IDS)


def test_the_visible_clips_play_and_only_they_load(page, browser):
    browser.wait_for(f"{FIRST}.readyState >= 2 && !{FIRST}.paused")
    before = browser.evaluate(f"{FIRST}.currentTime")
    browser.wait_for(f"Math.abs({FIRST}.currentTime - {before}) > 0.2")
    assert browser.evaluate(f"[{FIRST}.muted, {FIRST}.loop, {FIRST}.playsInline]") == [True, True, True]
    seen = browser.evaluate(
        "[...document.querySelectorAll('#cards video')].map(video => [video.hasAttribute('src'),"
        " video.getBoundingClientRect().top < innerHeight + 400])"
    )
    assert [is_near for _, is_near in seen][-1] is False, "the page is too short to tell"
    assert all(is_near for is_loaded, is_near in seen if is_loaded)
    browser.evaluate("scrollTo(0, document.body.scrollHeight)")
    browser.wait_for(f"!{FIRST}.hasAttribute('src')")  # what has left the view is let go
    last = "[...document.querySelectorAll('#cards video')].at(-1)"
    browser.wait_for(f"{last}.readyState >= 2 && {last}.currentTime > 0")


def test_nothing_is_fetched_but_the_page_and_its_clips(page, browser):
    browser.wait_for(f"{FIRST}.readyState >= 2")
    folder = page.parent.as_uri()
    clips = {"always": "blob:", "never": f"{folder}/clips/"}[page.stem]
    asked = [url for url in browser.requested() if url != page.as_uri()]
    assert asked, "clips were not asked for"
    assert [url for url in asked if not url.startswith((clips, "data:,"))] == []


@pytest.mark.parametrize("page", ["always"], indirect=True)  # a browser lets nobody read pixels of linked files
def test_the_marker_of_the_impact_is_exact_to_the_frame(page, browser):
    browser.wait_for(f"{FIRST}.readyState >= 2")
    left = browser.evaluate("parseFloat(document.querySelector('.bar .impact').style.left)")
    assert left == pytest.approx(100 * IMPACT_FRAME / NUM_FRAMES, abs=0.01)
    steps = (("i", IMPACT_FRAME, "impact"), (",", IMPACT_FRAME - 1, MINUS_ONE), (".", IMPACT_FRAME, "impact"))
    for key, frame, text in steps:
        browser.press(key)
        browser.wait_for(f"!{FIRST}.seeking && document.querySelector('.frame').textContent === '{text}'")
        assert browser.evaluate(FRAME) == frame
        assert browser.evaluate("Boolean(document.querySelector('.clip.at-impact'))") == (frame == IMPACT_FRAME)


def test_keys_move_pause_and_slow_down(page, browser):
    current = "document.querySelector('.is-current')?.id"
    browser.wait_for(f"{FIRST}.readyState >= 2")
    for key, expected in (("j", "v0-d0"), ("j", "v0-d1"), ("k", "v0-d0")):
        browser.press(key)
        assert browser.evaluate(current) == f"delivery-{expected}"
    browser.wait_for(f"!{FIRST}.paused")
    browser.press(" ")
    browser.wait_for(f"{FIRST}.paused")
    browser.press(" ")
    browser.wait_for(f"!{FIRST}.paused")
    browser.press("s")
    assert browser.evaluate(f"{FIRST}.playbackRate") == 0.25
    choose(browser, "speed", "0.5")
    assert browser.evaluate(f"{FIRST}.playbackRate") == 0.5


def test_filters_and_orders(page, browser):
    assert len(browser.evaluate(IDS)) == 6
    assert choose(browser, "votes", "conflict") == ["v1-d3"]
    assert choose(browser, "votes", "none") == ["v1-d5"]
    assert len(choose(browser, "votes", "")) == 6
    assert choose(browser, "training", "no") == ["v0-d2", "v1-d5"]
    assert choose(browser, "view", "closeup") == ["v1-d5"]
    choose(browser, "training", "")
    choose(browser, "view", "")
    assert choose(browser, "stroke", "cut") == ["v0-d1", "v1-d3"]
    assert choose(browser, "order", "least") == ["v1-d3", "v0-d1"]
    assert choose(browser, "stroke", "sweep") == ["v0-d2"]
    assert choose(browser, "stroke", "on_drive") == []
    assert "No delivery passes" in browser.evaluate("document.getElementById('cards').textContent")
    browser.evaluate("document.querySelector('[data-stroke=cover_drive]').click()")  # the bars on top filter too
    assert browser.evaluate(IDS) == ["v1-d4", "v0-d0"]


def test_a_card_says_what_the_tables_say_and_text_stays_text(page, browser):
    choose(browser, "votes", "conflict")
    text = browser.evaluate("document.querySelector('#cards article').textContent")
    said = ["cut 0.40", "kept", "100 % of vote pairs conflict", "0:32.00 ± 0.04 s", "pitch endon 0.75",
            "back: cut, pull hook", "vertical: cover drive", "weak", HARM]  # fmt: skip
    assert [part for part in said if part not in text] == []
    widths = browser.evaluate("[...document.querySelectorAll('.scale i')].map(bar => parseFloat(bar.style.width))")
    assert len(widths) == 14
    assert widths[7] == pytest.approx(40.0)
    assert sum(widths) == pytest.approx(100.0, abs=0.1)
    assert browser.evaluate("[typeof window.harmed, document.images.length]") == ["undefined", 0]


def test_the_model_stands_beside_the_label(mined, browser, tmp_path):
    deck = read_deck(mined, predictions=write_said(tmp_path / "said.parquet"))
    write_page(deck, tmp_path / "review.html")
    browser.open(tmp_path / "review.html")
    assert choose(browser, "model", "agrees") == ["v0-d1", "v1-d3"]
    choose(browser, "model", "")
    assert choose(browser, "order", "model")[0] == "v0-d0"
    assert "model: cut 0.70" in browser.evaluate("document.querySelector('#cards article').textContent")
    assert browser.complaints() == []


def test_thousands_of_deliveries_come_in_pages(mined, browser, tmp_path):
    deck = read_deck(mined)
    cards = [
        replace(card, delivery_id=f"{card.delivery_id}-{n}", has_clip=False) for n in range(834) for card in deck.cards
    ]
    write_page(replace(deck, cards=cards, clips={}), tmp_path / "review.html")
    browser.open(tmp_path / "review.html")
    shown = browser.evaluate(IDS)
    assert len(shown) == 40
    browser.evaluate("location.hash = 'v1-d3-700'")
    browser.wait_for("document.querySelector('.is-current')?.id === 'delivery-v1-d3-700'")
    assert browser.evaluate("document.getElementById('where').textContent") == "page 106 of 126"
    browser.evaluate("document.getElementById('after').click()")
    assert browser.evaluate("document.querySelector('.is-current').id") == f"delivery-{cards[106 * 40].delivery_id}"
    browser.press("k")
    assert browser.evaluate("document.getElementById('where').textContent") == "page 106 of 126"
    assert len(choose(browser, "votes", "conflict")) == 40
    assert browser.evaluate("document.getElementById('status').textContent") == "834 of 5004 deliveries"
    assert browser.complaints() == []


def test_without_javascript_there_is_a_table(mined, browser):
    path = mined / "plain.html"
    write_page(read_deck(mined), path)
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(path)
        text = browser.evaluate("document.body.innerText")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "need JavaScript" in text
    assert "a, odd é.mp4\t2.00 s\tpitch_endon\tcover drive\t0.90\tkept" in text


@pytest.mark.parametrize("width", [420, 1280])
def test_nothing_sticks_out_of_a_narrow_or_wide_window(mined, browser, width):
    path = mined / "width.html"
    write_page(read_deck(mined), path)
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    try:
        browser.open(path)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
