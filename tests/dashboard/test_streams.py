"""What goes out in pieces: media by ranges, exports in parts."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient

from dashboard.routes.exports import PART_CHARACTERS, _attachment
from tests.dashboard.seeding import Seeded
from workers import client


@pytest.fixture
def media(seeded: Seeded) -> tuple[str, bytes]:
    """Address and bytes of a video."""
    return f"/api/media/video/{seeded.video_id}", client.video_path(seeded.video_id).read_bytes()


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=100-", 100, None), ("bytes=-50", -50, None), ("bytes=5-99999999", 5, None)],
)
def test_every_form_of_a_range_is_answered(
    web: TestClient, media: tuple[str, bytes], asked: str, start: int, stop: int | None
) -> None:
    url, whole = media
    answer = web.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, whole[start:stop])
    assert answer.headers["content-length"] == str(len(whole[start:stop]))


def test_a_range_beyond_the_end_is_refused_with_the_size(web: TestClient, media: tuple[str, bytes]) -> None:
    url, whole = media
    answer = web.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"


def test_a_range_of_another_version_gets_the_whole(web: TestClient, media: tuple[str, bytes]) -> None:
    url, whole = media
    mark = web.get(url).headers["etag"]
    same = web.get(url, headers={"Range": "bytes=0-9", "If-Range": mark})
    other = web.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, same.content) == (206, whole[:10])
    assert (other.status_code, other.content) == (200, whole)


def test_a_long_csv_goes_out_in_parts_of_some_size() -> None:
    lines = [f"{n},0.123456,0.654321\n" for n in range(20_000)]

    async def sent() -> list[bytes]:
        answer = _attachment(iter(lines), "long")
        return [
            bytes(part, "utf-8") if isinstance(part, str) else bytes(part)
            async for part in answer.body_iterator
        ]  # type: ignore[attr-defined]

    parts = asyncio.run(sent())
    assert b"".join(parts).decode() == "".join(lines)
    assert all(PART_CHARACTERS <= len(part) < PART_CHARACTERS + 100 for part in parts[:-1])
    assert len(parts) < 10


def test_an_empty_csv_is_empty() -> None:
    async def sent() -> list[object]:
        return [part async for part in _attachment(iter([]), "none").body_iterator]  # type: ignore[attr-defined]

    assert "".join(str(part) for part in asyncio.run(sent())) == ""
