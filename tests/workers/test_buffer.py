"""Rows are written when they are many, when they are old, and at the end."""

from __future__ import annotations

from workers.tasks import buffer


def test_rows_wait_until_they_are_many_and_none_is_lost(monkeypatch):
    monkeypatch.setattr(buffer.time, "monotonic", lambda: 0.0)
    written = []
    rows = buffer.RowBuffer(written.append)
    for number in range(5000):
        rows.add([{"n": number}])
    rows.flush()
    rows.flush()
    assert [len(part) for part in written] == [2048, 2048, 904]
    assert [row["n"] for part in written for row in part] == list(range(5000))


def test_old_rows_are_written_so_that_they_can_be_seen(monkeypatch):
    now = iter([0.0, 0.5, 1.1])
    monkeypatch.setattr(buffer.time, "monotonic", lambda: next(now))
    written = []
    rows = buffer.RowBuffer(written.append)
    rows.add([{"n": 1}])
    assert written == []
    rows.add([{"n": 2}])
    assert written == [[{"n": 1}, {"n": 2}]]
