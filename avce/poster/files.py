"""A poster figure on disk: SVG, PDF and PNG, and a zip of them with the data behind them. Torch-free."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.poster.contents import Poster
from avce.poster.draw import draw_poster, style

FORMATS = ("svg", "pdf", "png")
DPI = 200
ZIP_FILE = "poster.zip"


def write_poster(poster: Poster, folder: Path | str) -> dict[str, Path]:
    """Write the figure and its data.

    Args:
        poster: What to draw.
        folder: Where to put the files; it is made if need be.

    Returns:
        Format to file: ``svg``, ``pdf``, ``png`` and ``zip``, which holds those three, ``curves.csv``,
        ``figure.json``, and each tile as ``tiles/*.png`` with its map as ``maps/*.npy``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw_poster(poster)
    files = {}
    for kind in FORMATS:
        files[kind] = folder / f"poster.{kind}"
        # No date, so that the same figure is the same file.
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with style():
            figure.savefig(files[kind], dpi=DPI, metadata=metadata)
    files["zip"] = folder / ZIP_FILE
    with zipfile.ZipFile(files["zip"], "w", zipfile.ZIP_DEFLATED) as packed:
        for kind in FORMATS:
            packed.write(files[kind], files[kind].name)
        packed.writestr("curves.csv", poster.numbers().to_csv(index=False))
        packed.writestr("figure.json", json.dumps(poster.facts(), indent=2, ensure_ascii=False))
        for name, content in _tiles(poster):
            packed.writestr(name, content)
    return files


def _tiles(poster: Poster) -> Iterator[tuple[str, bytes]]:
    for key in poster.frames:
        yield f"tiles/frame-{key.frame}-input.png", _png(key.face_rgb_u8)
        for place, model in enumerate(poster.models):
            name = f"frame-{key.frame}-{place + 1}-{_safe(model.name)}"
            yield f"tiles/{name}.png", _png(key.overlays_rgb_u8[place])
            array = io.BytesIO()
            np.save(array, key.maps[place], allow_pickle=False)
            yield f"maps/{name}.npy", array.getvalue()


def _png(picture_rgb_u8: NDArray[np.uint8]) -> bytes:
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture_rgb_u8, cv2.COLOR_RGB2BGR))
    return bytes(encoded.tobytes())


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
