"""Data sets at an http address: a real server with ranges, and each way in which one fails."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from data_builders import generic, pack

from avce.data.doctor import examine
from avce.data.prepare import prepare
from avce.data.remote import MOST_SAID, _said
from avce.data.sources import open_source
from avce.errors import DataError
from avce.options import PrepareOptions

WHOLE = PrepareOptions(detect="never", size=48)


class Files:
    """Files behind http on the loopback interface.

    Attributes:
        sent: Bytes of bodies that went out.
        breaks_after: Bytes after which connections are cut; ``None`` for never.
        has_ranges: Whether requests for a part of a file are answered with that part.
    """

    def __init__(self):
        self.content, self.sent, self.breaks_after, self.has_ranges = {}, 0, None, True
        files = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                files.answer(self)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def answer(self, request):
        data = self.content.get(request.path.lstrip("/").partition("?")[0])
        if data is None:
            request.send_error(404)
            return
        start, stop, status = 0, len(data), 200
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if asked and self.has_ranges:
            start, stop, status = (
                int(asked[1]),
                min(int(asked[2] or stop - 1), stop - 1) + 1,
                206,
            )
        request.send_response(status)
        if self.has_ranges:
            request.send_header("Accept-Ranges", "bytes")
        if status == 206:
            request.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        request.send_header("Content-Length", str(stop - start))
        request.end_headers()
        if request.command == "HEAD":
            return
        body = data[start:stop]
        if self.breaks_after is not None:
            body = body[: max(0, self.breaks_after - self.sent)]
        request.wfile.write(body)
        self.sent += len(body)


@pytest.fixture
def files():
    made = Files()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_is_examined_and_prepared_as_from_disk(tmp_path, files, ending):
    place = pack(tmp_path / f"set.{ending}", generic(12))
    files.content[place.name] = place.read_bytes()
    address = files.url(place.name)
    assert examine(address, WHOLE) == examine(place, WHOLE)
    here, there = prepare(place, tmp_path / "here", WHOLE), prepare(address, tmp_path / "there", WHOLE)
    assert here.fingerprint == there.fingerprint


def test_only_what_is_asked_for_goes_over_the_wire(tmp_path, files):
    big = {f"{k}.bin": bytes([k]) * 8_000_000 for k in range(10)}
    data = pack(tmp_path / "set.zip", big | {"a.txt": b"one"}).read_bytes()
    files.content["set.zip"] = data
    with open_source(files.url("set.zip")) as source:
        assert source.read("a.txt") == b"one"
    assert files.sent < len(data) / 4


def test_a_signed_address_is_read_and_its_signature_is_not_told(tmp_path, files):
    files.content["set.zip"] = pack(tmp_path / "set.zip", generic(12)).read_bytes()
    with open_source(files.url("set.zip?signature=secret")) as source:
        assert source.title == "set.zip"
        assert "labels.csv" in source
    with pytest.raises(DataError, match=r"/gone\.zip: cannot be opened") as refused:
        open_source(files.url("gone.zip?signature=secret"))
    assert "secret" not in str(refused.value)


def test_a_server_that_sends_only_whole_files_is_named(tmp_path, files):
    files.content["set.zip"] = pack(
        tmp_path / "set.zip", generic(12) | {"big.bin": bytes(12_000_000)}
    ).read_bytes()
    files.has_ranges = False
    with pytest.raises(
        DataError, match=r"/set\.zip: expected a server that answers requests for parts .* download"
    ):
        open_source(files.url("set.zip"))


def test_a_connection_that_breaks_in_the_middle_is_said_and_nothing_is_taken_for_whole(tmp_path, files):
    members = {f"{k}.bin": bytes([k]) * 8_000_000 for k in range(4)}
    files.content["set.zip"] = pack(tmp_path / "set.zip", members).read_bytes()
    with open_source(files.url("set.zip")) as source:
        files.breaks_after = files.sent + 1_000_000
        with pytest.raises(DataError, match=r"/set\.zip: reading broke off at byte [\d,]+ \(\w+"):
            source.read("0.bin")


def test_a_server_that_is_not_there_is_said():
    made = Files()
    made.server.shutdown()
    made.server.server_close()
    with pytest.raises(DataError, match=r"/set\.zip: cannot be opened \(Client\w+: Cannot connect"):
        open_source(made.url("set.zip"))


def test_what_another_library_says_is_handed_on_in_one_bearable_line():
    with pytest.raises(DataError, match="Protocol not known: gone") as refused:
        open_source("gone://bucket/set.zip")
    assert "\n" not in str(refused.value)
    told = _said(OSError("long " * 1000))
    assert len(told) < MOST_SAID + 20
    assert told.endswith(" …")
