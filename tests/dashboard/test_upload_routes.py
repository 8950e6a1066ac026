"""Uploads in pieces by the route: resumed, checked, refused, discarded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.routes import uploads
from workers.settings import Settings, get_settings
from workers.store import incoming
from workers.store.files import file_store

OURS = {"X-AVCE-Upload": "1"}


def begin(web: TestClient, name: str, content: bytes, **more: str) -> dict[str, Any]:
    params = {"name": name, "size": str(len(content)), "modified": "17", **more}
    answer = web.post("/api/uploads", headers=OURS, params=params)
    assert answer.status_code == 201, answer.text
    return answer.json()


def url_of(upload: dict[str, Any]) -> str:
    return f"/api/uploads/{upload['id']}"


def checksum(content: bytes) -> str:
    """As the page computes it: the hash of the hashes of 8 MiB blocks."""
    blocks = [content[start : start + 8 * 2**20] for start in range(0, len(content), 8 * 2**20)]
    return hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks)).hexdigest()


def finish(web: TestClient, upload: dict[str, Any], content: bytes) -> Any:
    return web.post(f"{url_of(upload)}/finish?checksum={checksum(content)}", headers=OURS)


def put(web: TestClient, upload: dict[str, Any], start: int, piece: bytes, **headers: str) -> Any:
    return web.put(f"{url_of(upload)}?offset={start}", headers=OURS | headers, content=piece)


def left_in(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "incoming").iterdir())


def limited(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    small: Settings = get_settings().model_copy(update=values)
    monkeypatch.setattr(incoming, "get_settings", lambda: small)


def test_an_upload_in_pieces_arrives_whole_under_its_hash(web: TestClient, home: Path) -> None:
    content = bytes(range(256)) * 36000  # more than one block
    upload = begin(web, "C:\\new\\faces.zip", content)
    for start in range(0, len(content), 5_000_000):
        piece = content[start : start + 5_000_000]
        assert put(web, upload, start, piece).json() == {"offset": start + len(piece)}
    done = finish(web, upload, content).json()
    assert done == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "name": "faces.zip"}
    assert file_store().read(done["sha256"]) == content
    assert not (home / "incoming" / f"{upload['id']}.part").exists()


def test_a_client_that_missed_the_last_answer_gets_the_same_again(web: TestClient) -> None:
    upload = begin(web, "again.csv", b"abc")
    put(web, upload, 0, b"abc")
    assert finish(web, upload, b"abc").json() == finish(web, upload, b"abc").json()
    assert begin(web, "again.csv", b"abc")["offset"] == 3  # chosen once more: nothing is left to be sent


def test_the_same_file_goes_on_where_it_ended_though_the_page_forgot_all(web: TestClient) -> None:
    content = b"first half second half"
    put(web, begin(web, "cut.csv", content, place="datasets.upload"), 0, content[:11])
    listed = web.get("/api/uploads", params={"place": "datasets.upload"}).json()
    assert [(one["name"], one["size"], one["received"], one["is_arriving"]) for one in listed] == [
        ("cut.csv", 22, 11, False)
    ]
    assert listed[0]["age_s"] < 60
    assert web.get("/api/uploads", params={"place": "video.upload"}).json() == []
    upload = begin(web, "cut.csv", content)
    assert (upload["id"], upload["offset"]) == (listed[0]["id"], 11)
    put(web, upload, upload["offset"], content[11:])
    assert file_store().read(finish(web, upload, content).json()["sha256"]) == content
    assert web.get("/api/uploads", params={"place": "datasets.upload"}).json() == []


@pytest.mark.parametrize(
    "other", [{"name": "x.csv"}, {"modified": "18"}, {"size": "9"}, {"modified": "", "name": "same.csv"}]
)
def test_another_file_begins_anew(web: TestClient, other: dict[str, str]) -> None:
    first = begin(web, "same.csv", b"0123456789")
    put(web, first, first["offset"], b"0"[first["offset"] :])
    params = {"name": "same.csv", "size": "10", "modified": "17", **other}
    second = web.post("/api/uploads", headers=OURS, params=params).json()
    assert (second["id"] != first["id"], second["offset"]) == (True, 0)


def test_a_piece_sent_twice_is_refused_with_the_offset_that_is_due(web: TestClient) -> None:
    upload = begin(web, "twice.csv", b"abcdef")
    put(web, upload, 0, b"abc")
    again = put(web, upload, 0, b"abc")
    assert (again.status_code, again.json()["offset"]) == (409, 3)


def test_a_piece_that_arrives_damaged_is_taken_back_at_once(web: TestClient) -> None:
    upload = begin(web, "damaged.csv", b"abcdef")
    sent = hashlib.sha256(b"abc").hexdigest()
    answer = put(web, upload, 0, b"abX", **{"X-AVCE-SHA256": sent})
    assert (answer.status_code, "send it again" in answer.json()["error"]) == (460, True)
    assert web.get(url_of(upload)).json()["offset"] == 0
    assert put(web, upload, 0, b"abc", **{"X-AVCE-SHA256": sent}).status_code == 200


def test_a_file_with_a_wrong_checksum_is_not_kept_as_good(web: TestClient, home: Path) -> None:
    upload = begin(web, "wrong.zip", b"abcdef")
    put(web, upload, 0, b"abcdeX")
    answer = finish(web, upload, b"abcdef")
    assert answer.status_code == 460
    assert "wrong.zip did not arrive as it was sent" in answer.json()["error"]
    assert not file_store().exists(hashlib.sha256(b"abcdeX").hexdigest())
    assert [name for name in left_in(home) if name.startswith(upload["id"])] == []
    assert begin(web, "wrong.zip", b"abcdef")["offset"] == 0


def test_an_incomplete_file_is_not_taken(web: TestClient) -> None:
    upload = begin(web, "part.zip", b"abcdef")
    put(web, upload, 0, b"abc")
    answer = finish(web, upload, b"abcdef")
    assert (answer.status_code, answer.json()["offset"]) == (409, 3)


def test_more_bytes_than_announced_are_taken_back(web: TestClient) -> None:
    upload = begin(web, "more.zip", b"abcd")
    put(web, upload, 0, b"ab")
    assert put(web, upload, 2, b"cdefgh").status_code == 422
    assert web.get(url_of(upload)).json()["offset"] == 2


def test_a_piece_beyond_the_limit_is_refused_before_it_is_read(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECE_LIMIT", 4)
    upload = begin(web, "piece.zip", b"too much")
    assert put(web, upload, 0, b"too much").status_code == 413
    assert web.get(url_of(upload)).json()["offset"] == 0


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"name": "big.zip", "size": "7"}, "AVCE_MAX_UPLOAD_BYTES"),
        ({"name": "empty.zip", "size": "0"}, "is empty"),
        ({"name": "", "size": "3"}, "needs a file name"),
        ({"name": "a.zip", "size": "-3"}, "whole number"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_the_first_byte(
    web: TestClient, monkeypatch: pytest.MonkeyPatch, params: dict[str, str], words: str
) -> None:
    limited(monkeypatch, max_upload_bytes=6)
    answer = web.post("/api/uploads", headers=OURS, params=params)
    assert (answer.status_code, words in answer.json()["error"]) == (422, True)


def test_a_file_for_which_the_disk_has_no_room_is_refused_before_the_first_byte(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": incoming.ROOM_LEFT_BYTES + 10**9})
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda _: usage)
    answer = web.post("/api/uploads", headers=OURS, params={"name": "huge.mp4", "size": str(10**9 + 1)})
    assert (answer.status_code, "the server has room for" in answer.json()["error"]) == (422, True)


def test_a_discarded_upload_leaves_nothing(web: TestClient, home: Path) -> None:
    upload = begin(web, "unwanted.mp4", b"abcdef")
    put(web, upload, 0, b"abc")
    assert web.delete(url_of(upload), headers=OURS).status_code == 204
    assert [name for name in left_in(home) if name.startswith(upload["id"])] == []
    assert web.get(url_of(upload)).status_code == put(web, upload, 3, b"def").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_origins_cannot_upload_or_discard(web: TestClient, method: str) -> None:
    url = (
        "/api/uploads?name=a&size=3" if method == "post" else url_of(begin(web, "o.csv", b"x")) + "?offset=0"
    )
    assert getattr(web, method)(url).status_code == 403


@pytest.mark.parametrize("upload_id", ["0" * 32, "short", "..%2F..%2Fetc%2Fpasswd"])
def test_an_id_that_was_never_given_out_is_not_found(web: TestClient, upload_id: str) -> None:
    assert web.put(f"/api/uploads/{upload_id}?offset=0", headers=OURS, content=b"x").status_code == 404
