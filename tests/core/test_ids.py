import sys

import pytest

from slowpaths.core import ids


def test_video_id_follows_content_and_name(tmp_path):
    first, second = tmp_path / "Test Match.mp4", tmp_path / "b.mp4"
    first.write_bytes(b"abc")
    second.write_bytes(b"abc")
    digest = ids.file_digest(first)
    assert digest == ids.file_digest(second)
    assert ids.video_id("test_match.mp4", digest) == f"test_match-{digest[:10]}"


def test_ids_of_the_same_bytes_differ_wherever_their_paths_do():
    paths = ["a.mp4", "A.mp4", "a.mkv", "day 1/a.mp4", "day_1/a.mp4", "a_.mp4", "x" * 40 + ".mp4", "x" * 41 + ".mp4"]
    assert len({ids.video_id(path, "0" * 64) for path in paths}) == len(paths)
    assert ids.video_id("day 1/a.mp4", "0" * 64) == ids.video_id("day 1/a.mp4", "0" * 64)


def test_folder_digest_sees_names_and_bytes_but_not_order(tmp_path):
    a, b = tmp_path / "1.png", tmp_path / "2.png"
    a.write_bytes(b"x")
    b.write_bytes(b"y")
    assert ids.folder_digest([a, b]) == ids.folder_digest([b, a])
    before = ids.folder_digest([a, b])
    b.write_bytes(b"z")
    assert ids.folder_digest([a, b]) != before


def test_fingerprint_ignores_the_order_of_keys_only():
    assert ids.fingerprint({"a": [1, 2], "b": None}) == ids.fingerprint({"b": None, "a": (1, 2)})
    assert ids.fingerprint([1, 2]) != ids.fingerprint([2, 1])
    with pytest.raises(TypeError):
        ids.fingerprint(object())


def test_delivery_id_carries_milliseconds():
    assert ids.delivery_id("v", 1.2345) == "v-d00001234"


def test_code_digest_follows_the_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for text in ("x = 1", "x = 2"):
        (tmp_path / "own_code.py").write_text(text)
        assert ids.code_digest("own_code") == ids.folder_digest([tmp_path / "own_code.py"])
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").touch()
    before = ids.code_digest("own_package")
    (package / "part.py").write_text("y = 1")
    assert ids.code_digest("own_package") != before
    assert ids.code_digest("nowhere_at_all") == ids.code_digest("nowhere.at_all") == ""
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert ids.code_digest("__main__") == "", "a notebook"
