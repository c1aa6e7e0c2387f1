import pytest

from slowpaths.core.errors import TableError
from slowpaths.store.ledger import LEDGER_NAME, Entry, append_entry, digests, read_ledger


def test_entries_come_back_in_order(tmp_path):
    first = Entry(stage="mine", inputs={"a.mp4": "1"}, counts={"deliveries": 3})
    second = Entry(stage="label", rules="abc", seed=1)
    append_entry(tmp_path, first)
    append_entry(tmp_path, second)
    assert read_ledger(tmp_path) == [first, second]


def test_the_same_work_is_written_once_so_a_resumed_run_ends_with_the_same_bytes(tmp_path):
    append_entry(tmp_path, Entry(stage="mine", counts={"deliveries": 3}))
    before = (tmp_path / LEDGER_NAME).read_bytes()
    append_entry(tmp_path, Entry(stage="mine", counts={"deliveries": 3}))
    assert (tmp_path / LEDGER_NAME).read_bytes() == before
    append_entry(tmp_path, Entry(stage="mine", counts={"deliveries": 4}))
    assert len(read_ledger(tmp_path)) == 2


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / LEDGER_NAME).write_text('{"stage": "mine"}\n{oops\n')
    with pytest.raises(TableError, match="line 2"):
        read_ledger(tmp_path)


def test_digests_are_by_name(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    assert digests(tmp_path, ["a"]) == {"a": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
