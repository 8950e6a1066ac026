"""Looking into one face: the numbers are those of the networks, and solvers agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from avce.data.loader import to_input
from avce.errors import CancelledError, OptionError, ShapeError
from avce.faces.detect import Face
from avce.inspection import face_of, inspect_face
from avce.methods import build_method
from avce.options import Head, train_options
from avce.progress import Reporter
from avce.training.checkpoint import Predictor
from avce.transforms import softmax, sparsemax

CROP = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def predictor(method: str = "avce", **options: object) -> Predictor:
    torch.manual_seed(0)
    chosen = train_options(preset="smoke", method=method, batch_size=4, feature_dim=16, **options)
    info = {"crop": {"margin": 0.1, "size": 48}}
    return Predictor(build_method(chosen).eval(), chosen, info, method)


class Faces:
    """A detector that finds what it is told to."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self.boxes = boxes

    def detect(self, frame_rgb_u8: np.ndarray) -> list[Face]:
        return [Face(box, 0.9) for box in self.boxes]


@pytest.fixture(scope="module")
def found():
    return inspect_face(predictor(), CROP)


def test_the_numbers_are_those_of_the_networks(found) -> None:
    model = predictor()
    method = model.method
    images = to_input(CROP[None], model.options)
    with torch.inference_mode():
        z = method.feature(images)
        assert found["x"] == pytest.approx(method(images)[0].tolist(), abs=1e-6)
        assert found["y_a"] == pytest.approx(method.head_output(images, Head.H)[0].tolist(), abs=1e-6)
    assert found["z"] == pytest.approx(z[0].tolist(), abs=1e-6)
    assert found["attentive"]["values"] == pytest.approx(sparsemax(z)[0].tolist(), abs=1e-6)
    assert found["inattentive"]["values"] == pytest.approx(softmax(z)[0].tolist(), abs=1e-6)


def test_both_views_lie_on_the_simplex_and_the_support_is_counted(found) -> None:
    for part in ("attentive", "inattentive"):
        values = np.array(found[part]["values"])
        assert values.sum() == pytest.approx(1, abs=1e-5)
        assert found[part]["support"] == (values > 0).sum()
    assert found["inattentive"]["support"] == found["dim"] == 16


def test_f_is_one_minus_the_angle_over_pi(found) -> None:
    for y, f, theta in (("y_a", "f_a", "theta_a_deg"), ("y_n", "f_n", "theta_n_deg")):
        x, v = np.array(found["x"]), np.array(found[y])
        angle = math.acos(np.clip(x @ v / np.linalg.norm(x) / np.linalg.norm(v), -1, 1))
        assert found[theta] == pytest.approx(math.degrees(angle), abs=0.1)
        assert found[f] == pytest.approx(1 - found[theta] / 180, abs=1e-4)


def test_ecos_and_the_closed_form_agree_and_both_are_timed(found) -> None:
    table = {(row["view"], row["solver"]): row for row in found["solvers"]}
    assert set(table) == {(v, s) for v in ("sparsemax", "softmax") for s in ("exact", "ecos")}
    for row in table.values():
        assert row["difference"] < 1e-4  # ECOS' own tolerance leaves about 1e-6
        assert row["face_ms"] > 0
        assert row["batch_ms"] > 0
        assert row["batch_size"] == 4


def test_a_supervised_run_has_z_and_x_but_no_judgements() -> None:
    found = inspect_face(predictor("supervised"), CROP)
    assert len(found["z"]) == 16
    assert found["y_a"] is found["f_n"] is None


def test_a_method_without_z_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="method hasani has no feature z"):
        inspect_face(predictor("hasani"), CROP)


def test_one_picture_at_a_time() -> None:
    with pytest.raises(ShapeError):
        inspect_face(predictor(), CROP[None])


def test_switches_of_the_authors_code_can_be_looked_into_as_well() -> None:
    found = inspect_face(
        predictor(avce={"sign_penalty": "broadcast", "angle": "halved_cosine", "reduction": "sum"}), CROP
    )
    assert math.isfinite(found["f_a"])


def test_cancelling_stops_between_solvers() -> None:
    class Stopping(Reporter):
        def check(self) -> None:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        inspect_face(predictor(), CROP, Stopping())


def test_the_largest_face_is_cut_by_the_checkpoint_recipe() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, 100:] = 255
    crop, words = face_of(predictor(), picture, Faces((5, 5, 25, 25), (120, 20, 180, 80)))
    assert crop.shape == (48, 48, 3)
    assert crop.min() == 255
    assert words == "the largest of 2 faces"


def test_a_picture_without_a_found_face_is_taken_whole_and_says_so() -> None:
    crop, words = face_of(predictor(), CROP, Faces())
    assert crop.shape == (48, 48, 3)
    assert "no face was found" in words
