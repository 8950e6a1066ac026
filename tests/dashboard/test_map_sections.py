"""The gallery of maps as plain values, and the pictures it asks for."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from avce.activation.combine import gini, seen_part
from dashboard.charts import Series
from dashboard.components.map_sections import SCORES, Sections, sparsity_words
from tests.dashboard.seeding import Seeded
from workers import client
from workers.records import MapRecord


def item(frame: int, axis: str = "valence", head: str = "R", run: str = "a", **given) -> MapRecord:
    values = {
        "id": f"{run}{frame}{axis[0]}{head}", "job_id": "j", "frame": frame, "track": 1, "axis": axis, "head": head, "run_id": run,
        "checkpoint_id": "c", "name": f"run {run}", "scores": {"gini": 0.5}, "file": "f", "array_file": "f", "face_file": "g",
    }  # fmt: skip
    return MapRecord(**values | given)


def sections(*items: MapRecord) -> Sections:
    return Sections(items, {"a": Series("run a", "avce", "#00f"), "b": Series("run b", "caf", "#0f0")})


def names(section: dict) -> list[tuple[str, str]]:
    return [(row["name"], row["head"]) for row in section["rows"]]


def test_each_axis_has_the_faces_first_and_a_row_for_each_model() -> None:
    both = sections(
        *(item(f, axis, run=run) for run in "ab" for f in (3, 7) for axis in ("valence", "arousal"))
    )
    found = both.per_axis()
    assert [section["title"] for section in found] == ["Valence", "Arousal"]
    assert [name for name, _ in names(found[0])] == ["Input", "run a", "run b"]
    assert found[0]["columns"] == ["frame 3", "frame 7"]
    assert found[0]["rows"][2]["colour"] == "#0f0"


def test_a_map_that_was_not_drawn_leaves_its_place_empty() -> None:
    rows = sections(item(3), item(7), item(7, run="b")).per_axis()[0]["rows"]
    assert rows[2]["cells"][0] is None
    assert rows[2]["cells"][1] is not None


def test_every_score_stands_beside_the_map_with_its_meaning() -> None:
    scores = {"gini": 0.61, "deletion": 0.2, "insertion": 0.7, "random": 0.1}
    cell = sections(item(3, scores=scores)).per_axis()[0]["rows"][1]["cells"][0]
    assert [(one["short"], one["value"]) for one in cell["scores"]] == [
        ("Gini", "0.61"), ("del", "0.20"), ("ins", "0.70"), ("rand", "0.10"),
    ]  # fmt: skip
    assert all(len(one["help"]) > 30 for one in cell["scores"])
    assert set(SCORES) == set(scores)


def test_a_score_that_is_undefined_is_a_dash_with_its_reason() -> None:
    shown = sections(
        item(3, scores={"gini": 0.0, "deletion": 0.2, "insertion": 0.7, "random": None})
    ).per_axis()[0]
    scores = shown["rows"][1]["cells"][0]["scores"]
    assert [one["value"] for one in scores] == ["0.00", "0.20", "0.70", "–"]
    assert [one["help"].startswith("Undefined: ") for one in scores] == [False, False, False, True]
    assert "the same everywhere" in scores[-1]["help"]


def test_a_score_that_nobody_asked_for_is_not_shown() -> None:
    assert sections(item(3, scores={})).per_axis()[0]["rows"][1]["cells"][0]["scores"] == []
    features = sections(item(3, "features", "encoder")).features()[0]["rows"][1]["cells"][0]
    assert [one["short"] for one in features["scores"]] == ["Gini"]


def test_the_mean_of_maps_of_zeros_says_why_it_has_no_sparsity() -> None:
    points = pd.DataFrame(columns=["run_id", "frame", "track", "valence", "arousal"])
    section = sections(item(3)).means(points, lambda _: float("nan"))[0]
    sparsity = section["rows"][0]["cells"][0]["scores"][-1]
    assert sparsity["value"] == "–"
    assert "zero everywhere" in sparsity["help"]


def test_r_and_h_stand_together_only_for_runs_that_have_both() -> None:
    found = sections(
        item(3), item(3, head="H_n"), item(3, head="H", scores={"gini": 0.7}), item(3, run="b")
    ).heads()
    assert names(found[0])[1:] == [
        ("run a", "head R, which predicts"), ("run a", "head H, attentive view"), ("run a", "head H, inattentive view"),
    ]  # fmt: skip
    assert "H is sparser than R in 1 of 1 maps" in found[0]["help"]
    assert sections(item(3, run="b")).heads() == []


def test_the_sentence_on_sparsity_says_what_the_numbers_say_even_against_the_poster() -> None:
    maps = [
        item(f, head=h, scores={"gini": g})
        for f, h, g in ((1, "R", 0.6), (1, "H", 0.4), (2, "R", 0.5), (2, "H", 0.6))
    ]
    assert sparsity_words(maps).startswith(
        "Mean Gini index: R 0.55, H 0.50. H is sparser than R in 1 of 2 maps"
    )
    assert "without scores" in sparsity_words([item(1, scores={}), item(1, head="H", scores={})])
    assert "without scores" in sparsity_words([item(1, scores={"gini": None}), item(1, head="H")])


def test_differences_need_both_axes_of_one_map() -> None:
    found = sections(item(3), item(3, "arousal"), item(7)).differences()
    assert found[0]["columns"] == ["frame 3"]
    assert "minus=a3aR" in found[0]["rows"][1]["cells"][0]["colours"]
    assert sections(item(3)).differences() == []


def test_means_are_over_the_frames_of_each_quadrant_of_that_models_own_values() -> None:
    points = pd.DataFrame(
        [("a", 3, 1, 0.5, 0.5), ("a", 7, 1, -0.5, -0.5)],
        columns=["run_id", "frame", "track", "valence", "arousal"],
    )
    seen = []

    def sparsity_of(ids):
        seen.append(list(ids))
        return 0.25

    section = sections(item(3), item(7)).means(points, sparsity_of)[0]
    assert section["columns"] == ["all frames", "happy", "fear", "sad", "pleasant"]
    assert [cell and cell["scores"][0]["value"] for cell in section["rows"][0]["cells"]] == [
        "2",
        "1",
        None,
        "1",
        None,
    ]
    assert seen == [["a3vR", "a7vR"], ["a3vR"], ["a7vR"]]


def test_means_of_several_faces_stand_beside_each_other() -> None:
    points = pd.DataFrame(columns=["run_id", "frame", "track", "valence", "arousal"])
    two = [item(3), item(7).model_copy(update={"track": 2})]
    section = sections(*two).means(points, lambda _: 0.25)[0]
    assert section["columns"][-2:] == ["face 1", "face 2"]
    assert [cell["scores"][0]["value"] for cell in section["rows"][0]["cells"][-2:]] == ["1", "1"]


def picture(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR_RGB)


def test_a_mean_in_colours_is_that_of_the_arrays(web: TestClient, seeded: Seeded) -> None:
    from avce.activation.draw import coloured

    ids = [one.id for one in client.maps(seeded.analysis_id)[:3]]
    mean = np.mean([client.map_values([one]) for one in ids], axis=0)
    assert client.map_values(ids) == pytest.approx(mean)
    shown = picture(web.get("/api/media/maps/colours", params={"ids": ",".join(ids)}))
    assert np.array_equal(shown, coloured(client.map_values(ids)))


def test_the_sparsity_of_a_mean_is_that_of_what_the_network_sees(seeded: Seeded) -> None:
    ids = [one.id for one in client.maps(seeded.analysis_id) if one.run_id == seeded.run_ids[0]][:2]
    mean = client.map_values(ids)
    seen = seen_part(mean, int(client.get_run(seeded.run_ids[0]).options["input_size"]))
    assert seen.size < mean.size
    assert client.map_sparsity(ids) == gini(seen) != gini(mean)


def test_a_map_less_itself_is_white(web: TestClient, seeded: Seeded) -> None:
    one = client.maps(seeded.analysis_id)[0].id
    shown = picture(web.get("/api/media/maps/colours", params={"ids": one, "minus": one}))
    assert (shown == 255).all()


def test_the_face_below_comes_alone_or_as_a_mean(web: TestClient, seeded: Seeded) -> None:
    ids = [one.id for one in client.maps(seeded.analysis_id)[:2]]
    for asked in (ids[:1], ids):
        assert picture(web.get("/api/media/maps/face", params={"ids": ",".join(asked)})).ndim == 3


@pytest.mark.parametrize("path", ["colours", "face"])
@pytest.mark.parametrize("ids", ["", "nosuch"])
def test_maps_that_are_not_there_are_a_404_in_words(web: TestClient, path: str, ids: str) -> None:
    answer = web.get(f"/api/media/maps/{path}", params={"ids": ids})
    assert answer.status_code == 404
    assert "map" in answer.json()["error"]


def test_points_of_mapped_faces_are_those_of_every_run(seeded: Seeded) -> None:
    points = client.map_points(seeded.analysis_id)
    assert set(points["frame"]) == {5, 20, 40}
    assert set(points["run_id"]) == set(seeded.run_ids)
