"""Bytes to pixels, and what can be measured on a picture at little cost."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.errors import DataError

MAX_PICTURE_BYTES = 256 << 20
MAX_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded: a small file can name a huge canvas."""

JPEG_QUALITY = 95

THUMB = 16


def decode_rgb(data: bytes, where: str) -> NDArray[np.uint8]:
    """Decode a picture: upright, RGB, shape ``(h, w, 3)``.

    Raises:
        DataError: No picture, cut short, or of more than :data:`MAX_PIXELS` pixels; the text begins with ``where``.
    """
    size = picture_size(data)
    if size is None:
        raise DataError(
            f"{where}: expected a jpg, png, bmp or webp picture, its {len(data):,} bytes are none; replace the file"
        )
    if size[0] * size[1] > MAX_PIXELS:
        raise DataError(
            f"{where}: expected at most {MAX_PIXELS:,} pixels, the picture claims {size[0]:,} x {size[1]:,}"
        )
    if _is_cut_short(data):
        raise DataError(f"{where}: the picture is cut short; copy the file again")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        picture = None
    if picture is None:
        raise DataError(f"{where}: the picture is damaged, it cannot be decoded; replace the file")
    return picture.astype(np.uint8, copy=False)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header; ``None`` when the bytes are no picture that we read."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", data[16:24])
        if data.startswith(b"BM"):
            width, height = struct.unpack("<ii", data[18:26])
            return abs(width), abs(height)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp_size(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at < len(data) - 9:
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _is_cut_short(data: bytes) -> bool:
    """Decoders fill the missing part with grey and say nothing; the end marker tells."""
    tail = data[-4096:]
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in tail
    return data.startswith(b"\x89PNG") and b"IEND" not in tail


def encode_jpeg(picture_rgb_u8: NDArray[np.uint8]) -> bytes:
    """JPEG with full colour resolution."""
    flags = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(picture_rgb_u8, cv2.COLOR_RGB2BGR), flags)
    if not done:
        raise DataError(f"a crop of shape {picture_rgb_u8.shape} cannot be stored as JPEG")
    return data.tobytes()


def brightness(picture_rgb_u8: NDArray[np.uint8]) -> float:
    """Mean grey level in [0, 1]."""
    return float(cv2.mean(cv2.cvtColor(picture_rgb_u8, cv2.COLOR_RGB2GRAY))[0]) / 255


def chroma(picture_rgb_u8: NDArray[np.uint8]) -> float:
    """Mean distance between the strongest and the weakest channel, in [0, 1]; next to 0 for a grey picture."""
    small = cv2.resize(picture_rgb_u8, (2 * THUMB, 2 * THUMB), interpolation=cv2.INTER_AREA)
    red, green, blue = cv2.split(small)
    apart = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    return float(apart.mean()) / 255


def thumbnail(picture_rgb_u8: NDArray[np.uint8]) -> bytes:
    """A grey picture of :data:`THUMB` × :data:`THUMB` bytes, by which near copies are found."""
    grey = cv2.cvtColor(picture_rgb_u8, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA).tobytes()
