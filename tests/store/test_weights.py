from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from slowpaths.core.errors import MissingWeightsError
from slowpaths.store.weights import VARIABLE, WeightSpec, find_weights, local_weights, weight_folders

CONTENT = b"seventeen weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def spec(*, url: str = "https://example.invalid/net.bin", sha256: str = DIGEST) -> WeightSpec:
    return WeightSpec(name="net", filename="net.bin", url=url, sha256=sha256, licence="Apache-2.0")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)


def test_named_folder_comes_before_variable_before_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "variable"))
    folders = weight_folders(tmp_path / "named")
    assert [folder.name for folder in folders] == ["named", "variable", "weights"]
    for folder in reversed(folders):
        folder.mkdir(parents=True)
        (folder / "net.bin").write_bytes(CONTENT)
        assert local_weights(spec(), weights_dir=tmp_path / "named") == folder / "net.bin"


def test_download_lands_in_the_cache_and_is_found_again(tmp_path: Path) -> None:
    source = tmp_path / "published.bin"
    source.write_bytes(CONTENT)
    path = find_weights(spec(url=source.as_uri()))
    assert path == tmp_path / "cache" / "slowpaths" / "weights" / "net.bin"
    source.unlink()
    assert find_weights(spec(url=source.as_uri())).read_bytes() == CONTENT


def test_published_digest_prefix_is_enough(tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(CONTENT)
    assert find_weights(spec(sha256=DIGEST[:8]), weights_dir=tmp_path) == tmp_path / "net.bin"


def test_other_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(b"other")
    with pytest.raises(MissingWeightsError, match="not the published 'net'"):
        find_weights(spec(), weights_dir=tmp_path)


@pytest.mark.parametrize("download", [False, True])
def test_missing_weights_name_the_address_and_the_cure(tmp_path: Path, download: bool) -> None:
    address = (tmp_path / "nowhere.bin").as_uri()
    with pytest.raises(MissingWeightsError, match=f"nowhere.bin.*{VARIABLE}"):
        find_weights(spec(url=address), allow_download=download)


def test_file_without_a_known_digest_is_used_but_never_downloaded(tmp_path: Path) -> None:
    source = tmp_path / "published.bin"
    source.write_bytes(CONTENT)
    with pytest.raises(MissingWeightsError, match="no digest is known"):
        find_weights(spec(url=source.as_uri(), sha256=""))
    (tmp_path / "net.bin").write_bytes(b"mine")
    assert find_weights(spec(sha256=""), weights_dir=tmp_path).read_bytes() == b"mine"


def test_download_with_other_content_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "published.bin"
    source.write_bytes(b"replaced since")
    with pytest.raises(MissingWeightsError, match="no longer holds"):
        find_weights(spec(url=source.as_uri()))
    assert list((tmp_path / "cache").rglob("*.*")) == []


def test_another_export_of_the_same_network_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(b"other")
    other = replace(spec(), other_sha256=(hashlib.sha256(b"other").hexdigest(),))
    assert find_weights(other, weights_dir=tmp_path) == tmp_path / "net.bin"


def test_archive_gives_its_one_member_of_the_right_kind(tmp_path: Path) -> None:
    source = tmp_path / "published.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("deep/end2end.bin", CONTENT)
        archive.writestr("deep/notes.json", "{}")
    path = find_weights(spec(url=source.as_uri()))
    assert path.name == "net.bin"
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("members", [(), ("a.bin", "b.bin"), None])
def test_archive_without_one_clear_member_is_refused(tmp_path: Path, members: tuple[str, ...] | None) -> None:
    source = tmp_path / "published.zip"
    if members is None:
        source.write_bytes(b"no archive")
    else:
        with zipfile.ZipFile(source, "w") as archive:
            for member in members:
                archive.writestr(member, CONTENT)
    with pytest.raises(MissingWeightsError, match=VARIABLE):
        find_weights(spec(url=source.as_uri()))
    assert not (tmp_path / "cache" / "slowpaths" / "weights" / "net.bin").exists()
