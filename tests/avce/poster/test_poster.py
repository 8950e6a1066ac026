"""The poster figure: contents, colours, files."""

from __future__ import annotations

import io
import json
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from avce.errors import OptionError
from avce.options import PosterOptions
from avce.poster.colours import SYSTEM_COLOURS, colours_of
from avce.poster.contents import Poster, PosterFrame, PosterModel, in_tile_order
from avce.poster.draw import draw_poster
from avce.poster.files import write_poster
from avce.poster.make import PosterSource, make_poster


def table(shift: float = 0.0, frames: int = 120) -> pd.DataFrame:
    at = np.arange(frames)
    values = {"valence": 0.6 * np.sin(at / 15 + shift), "arousal": 0.5 * np.cos(at / 11 + shift)}
    return pd.DataFrame({"frame": at, "pts_ms": at * 40.0, "track": 1, "state": "detected", **values})


def poster(*systems: str, labels: bool = False) -> Poster:
    models = [PosterModel(f"my {name}", name, table(0.3 * place)) for place, name in enumerate(systems)]
    maps = [np.full((8, 8), 0.5, np.float32) for _ in systems]
    faces = [np.full((8, 8, 3), 40 * place, np.uint8) for place in range(len(systems))]
    frames = [
        PosterFrame(frame, frame * 40.0, "peak", faces[0], maps, [0.4] * len(systems), faces)
        for frame in (10, 50)
    ]
    return Poster("clip.mp4", models, frames, table(1.0) if labels else None, {"map": "both"})


def drawn_lines(figure, axis_label: str) -> dict[str, str]:
    area = next(area for area in figure.axes if area.get_ylabel() == axis_label)
    return {line.get_label(): line.get_color() for line in area.lines if not line.get_label().startswith("_")}


def test_models_have_the_posters_colours_and_the_label_is_grey() -> None:
    figure = draw_poster(poster("avce", "caf", "hasani", labels=True))
    for axis in ("Valence", "Arousal"):
        lines = drawn_lines(figure, axis)
        assert lines["my avce"] == SYSTEM_COLOURS["avce"]
        assert lines["my caf"] == SYSTEM_COLOURS["caf"]
        assert lines["my hasani"] == SYSTEM_COLOURS["hasani"]
        assert lines["label"] == SYSTEM_COLOURS["label"]


def test_two_models_of_one_method_are_told_apart() -> None:
    assert len(set(colours_of(["avce", "avce", "new", "caf"]))) == 4


def test_tiles_stand_as_printed_whatever_the_order_of_the_runs() -> None:
    assert in_tile_order(["supervised", "hasani", "avce", "caf"]) == [2, 3, 1, 0]


@pytest.mark.parametrize("count", [1, 3, 4])
def test_each_key_frame_has_a_tile_per_model_and_one_of_the_input(count: int) -> None:
    figure = draw_poster(poster(*["avce", "caf", "hasani", "supervised"][:count]))
    assert sum(bool(area.images) for area in figure.axes) == 2 * (count + 1)


def test_a_dashed_line_ties_each_key_frame_to_both_curves() -> None:
    figure = draw_poster(poster("avce"))
    for label in ("Valence", "Arousal"):
        area = next(area for area in figure.axes if area.get_ylabel() == label)
        dashed = [line.get_xdata()[0] for line in area.lines if line.get_linestyle() == "--"]
        assert dashed == [0.4, 2.0]
    assert len(figure.artists) >= 2 * 2


def test_all_files_open_and_the_zip_holds_every_number(tmp_path) -> None:
    made = poster("avce", "caf", labels=True)
    files = write_poster(made, tmp_path)
    assert files["svg"].read_text().lstrip().startswith("<?xml")
    assert files["pdf"].read_bytes().startswith(b"%PDF")
    assert cv2.imread(str(files["png"])).shape[1] > 2000
    with zipfile.ZipFile(files["zip"]) as packed:
        names = packed.namelist()
        curves = pd.read_csv(packed.open("curves.csv"))
        facts = json.loads(packed.read("figure.json"))
        values = np.load(io.BytesIO(packed.read("maps/frame-10-1-my-avce.npy")))
    assert {"poster.svg", "poster.pdf", "poster.png", "tiles/frame-50-input.png"} <= set(names)
    assert curves.groupby("model").size().to_dict() == {"label": 120, "my avce": 120, "my caf": 120}
    assert facts["frames"][0]["models"]["my caf"]["valence"] == pytest.approx(
        made.models[1].table["valence"][10]
    )
    assert values.shape == (8, 8)


def test_the_same_figure_is_the_same_svg(tmp_path) -> None:
    first, second = (write_poster(poster("avce"), tmp_path / name)["svg"].read_bytes() for name in "ab")
    assert first == second


def test_more_than_four_models_are_refused(tmp_path) -> None:
    sources = [PosterSource(str(n), "avce", table(), lambda: None) for n in range(5)]
    with pytest.raises(OptionError, match="expected 1 to 4, got 5"):
        make_poster(tmp_path / "none.mp4", sources, PosterOptions())


def test_a_frame_without_the_face_is_refused_by_its_number(tmp_path) -> None:
    with pytest.raises(OptionError, match="got 500"):
        make_poster(
            tmp_path / "none.mp4",
            [PosterSource("a", "avce", table().assign(x0=0.0), lambda: None)],
            PosterOptions(frames=(500,)),
        )
