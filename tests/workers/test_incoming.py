"""Uploads on their way in, without HTTP."""

from __future__ import annotations

import hashlib
import os
import threading
import time

import pytest

from workers import beat
from workers.errors import TakenOverError, UnknownUploadError
from workers.store import incoming
from workers.store.files import FileStore
from workers.sweep import Swept


def aged(home, upload_id, hours):
    then = time.time() - hours * 3600
    for path in (home / "incoming").glob(f"{upload_id}*"):
        os.utime(path, (then, then))


def test_a_newer_piece_takes_over_from_a_connection_that_hangs(home):
    upload = incoming.begin("a.mp4", 6)
    hanging = incoming.open_piece(upload.id, 0)
    hanging.write(b"ab")
    newer = incoming.open_piece(upload.id, 2)
    with pytest.raises(TakenOverError, match="another window"):
        hanging.write(b"XX")
    newer.write(b"cdef")
    hanging.close()  # ends late, and takes nothing from the newer one
    assert incoming.get(upload.id).is_arriving
    newer.close()
    assert (incoming.get(upload.id).received, incoming.get(upload.id).is_arriving) == (6, False)


def test_unfinished_uploads_outlive_a_restart_and_end_after_the_hours_set(home):
    old, young = (incoming.begin(name, 6, modified="1") for name in ("old.mp4", "young.mp4"))
    aged(home, old.id, 47.5)
    assert [record.name for record in incoming.unfinished()] == ["young.mp4", "old.mp4"]
    assert incoming.get(old.id).left_s == pytest.approx(1800, abs=60)
    aged(home, old.id, 48.5)
    assert [record.name for record in incoming.unfinished()] == ["young.mp4"]
    with pytest.raises(UnknownUploadError, match="48 hours"):
        incoming.get(old.id)
    assert young.id in {path.stem for path in (home / "incoming").iterdir()}


def test_a_card_stays_while_bytes_come_to_its_upload(home):
    upload = incoming.begin("slow.mp4", 6)
    aged(home, upload.id, 100)
    piece = incoming.open_piece(upload.id, 0)
    piece.write(b"abc")
    piece.close()
    assert incoming.forget_stale() == 0
    assert incoming.get(upload.id).received == 3


def test_old_uploads_go_though_nobody_opens_a_page(home, monkeypatch):
    upload = incoming.begin("old.mp4", 6)
    aged(home, upload.id, 49)
    stop = threading.Event()
    monkeypatch.setattr(beat, "sweep", lambda: stop.set() or Swept())
    beat.run(stop)
    assert list((home / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    "size", [1, incoming.BLOCK_BYTES - 1, incoming.BLOCK_BYTES, 2 * incoming.BLOCK_BYTES + 5]
)
def test_the_checksum_is_the_hash_of_the_hashes_of_the_blocks(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    blocks = [content[start : start + incoming.BLOCK_BYTES] for start in range(0, size, incoming.BLOCK_BYTES)]
    of_blocks = hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks)).hexdigest()
    assert incoming.hashes(tmp_path / "file") == (hashlib.sha256(content).hexdigest(), of_blocks)


def test_a_file_is_moved_into_a_store_on_this_disk_and_copied_into_another(home, tmp_path):
    for number, url in enumerate((str(tmp_path / "store"), "memory://uploads")):
        path = tmp_path / f"{number}.part"
        path.write_bytes(b"faces")
        store = FileStore(url, tmp_path / "cache")
        sha256 = incoming.hashes(path)[0]
        store.take(path, sha256)
        assert store.read(sha256) == b"faces"
        assert not path.exists()
