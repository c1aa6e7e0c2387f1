import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.review.mined import HARM, PLAN, VIDEOS, write_reviewable, write_said

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.review.deck import Deck, read_deck
from slowpaths.review.page import choose_embedding, write_page


class Parsed(HTMLParser):
    """What a browser makes of the page: its scripts and styles, every tag, every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self._open: tuple[str, dict[str, str | None]] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self._open = (tag, dict(attrs))
            self.raw.append((*self._open, ""))

    def handle_endtag(self, tag):
        if self._open and tag == self._open[0]:
            self._open = None

    def handle_data(self, data):
        if self._open:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    def scripts(self, kind: str | None) -> list[tuple[dict[str, str | None], str]]:
        return [(attrs, text) for tag, attrs, text in self.raw if tag == "script" and attrs.get("type") == kind]


@pytest.fixture(scope="module")
def mined(tmp_path_factory) -> Path:
    return write_reviewable(tmp_path_factory.mktemp("review") / "a set")


@pytest.fixture(scope="module")
def deck(mined) -> Deck:
    return read_deck(mined)


@pytest.fixture
def page(deck, tmp_path) -> Parsed:
    write_page(deck, tmp_path / "review.html")
    return Parsed((tmp_path / "review.html").read_text(encoding="utf-8"))


def test_the_data_reads_back_whole(page, deck):
    ((_, text),) = page.scripts("application/json")
    data = json.loads(text)
    assert [card["delivery_id"] for card in data["cards"]] == list(PLAN)
    assert [stroke["name"] for stroke in data["strokes"]] == list(STROKES)
    harmed = next(card for card in data["cards"] if card["delivery_id"] == "v1-d3")
    assert harmed["video"] == VIDEOS["v1"]
    assert harmed["votes"][0][:2] == ["foot.stride", "back"]
    assert harmed["votes"][0][2].endswith(HARM)
    strokes = [STROKES[index] for index in data["rules"]["foot.stride"]["votes"]["back"]]
    assert sorted(strokes) == ["cut", "pull_hook"]
    assert sum(data["totals"]["labels"]) == 6
    assert data["lineage"] == {"label model": "hierarchical", "label set": "abc", "rule set": "r123"}


def test_text_from_files_stays_text(page, deck, tmp_path):
    assert page.tags.count("script") == 2 + len(PLAN)  # data, clips, the page's own
    assert "img" not in page.tags
    assert VIDEOS["v1"] in page.text  # in the table that is shown without JavaScript
    text = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert "<script>window" not in text
    assert "<img" not in text


def test_only_the_page_s_own_script_and_style_may_run(page):
    policy = next(value for name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        own = [text for name, attrs, text in page.raw if name == tag and not attrs.get("type")]
        assert len(own) == 1
        digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_nothing_is_fetched_from_anywhere(page, tmp_path):
    text = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|@import|url\(", text)
    assert {value for name, value in page.attributes if name in ("src", "href")} == {"data:,"}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "$" not in page.text


def test_embedded_clips_are_the_files(page, deck):
    clips = {attrs["data-clip"]: base64.b64decode(text) for attrs, text in page.scripts("text/plain")}
    assert clips == {name: path.read_bytes() for name, path in deck.clips.items()}


def test_linked_clips_are_found_from_where_the_page_lies(deck, mined, tmp_path):
    for path in (mined / "review.html", tmp_path / "pages" / "page.html"):
        assert write_page(deck, path, embed="never").mode == "linked"
        parsed = Parsed(path.read_text(encoding="utf-8"))
        assert not parsed.scripts("text/plain")
        base = json.loads(parsed.scripts("application/json")[0][1])["clips"]["base"]
        assert " " not in base
        assert (path.parent / base.replace("%20", " ") / "v0-d0.mp4").exists()


def test_the_same_folder_gives_the_same_bytes(deck, tmp_path):
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for path in pages:
        write_page(deck, path)
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(
    ("embed", "limit_mb", "mode", "reason"),
    [
        ("auto", 32, "embedded", "at most 32 MB"),
        ("auto", 1e-6, "linked", "more than 1e-06 MB"),
        ("always", 0, "embedded", "embed=always"),
        ("never", 32, "linked", "embed=never"),
    ],
)
def test_clips_are_embedded_where_they_fit(deck, embed, limit_mb, mode, reason):
    embedding = choose_embedding(deck, embed=embed, limit_mb=limit_mb)
    assert embedding.mode == mode
    assert reason in embedding.reason
    assert "6 clips" in embedding.reason


def test_a_wrong_way_to_embed_is_one_sentence(deck):
    with pytest.raises(UsageError, match="unknown embed 'maybe'; choose one of auto, always, never"):
        choose_embedding(deck, embed="maybe")
    with pytest.raises(UsageError, match="not a size"):
        choose_embedding(deck, limit_mb=-1)


def test_without_clips_the_page_shows_the_rest_and_says_so(tmp_path):
    deck = read_deck(write_reviewable(tmp_path, has_clips=False))
    embedding = write_page(deck, tmp_path / "review.html", embed="always")
    assert (embedding.mode, "no clips" in embedding.reason) == ("none", True)
    data = json.loads(Parsed((tmp_path / "review.html").read_text()).scripts("application/json")[0][1])
    assert (len(data["cards"]), data["clip"]) == (6, None)
    assert data["clips"]["reason"] == embedding.reason


def test_what_a_model_says_is_in_the_data(mined, tmp_path):
    deck = read_deck(mined, predictions=write_said(tmp_path / "said.parquet"))
    write_page(deck, tmp_path / "review.html", embed="never")
    data = json.loads(Parsed((tmp_path / "review.html").read_text()).scripts("application/json")[0][1])
    assert {card["model"]["label"] for card in data["cards"]} == {"cut"}
    assert data["lineage"]["model"] == "m0"


def test_the_words_can_be_read_in_light_and_dark():
    import slowpaths.review

    style = (Path(slowpaths.review.__file__).parent / "page" / "page.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", style, flags=re.S)
    for block in (light, dark):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for ink in ("ink", "muted", "good", "bad"):
            for ground in ("paper", "raised"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground, block)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_an_empty_folder_gives_a_page_too(deck, tmp_path):
    from dataclasses import replace

    empty = replace(deck, cards=[], clips={}, labels={}, kept={}, num_deliveries=0)
    write_page(empty, tmp_path / "review.html")
    assert html.escape("Review: a set") in (tmp_path / "review.html").read_text()
