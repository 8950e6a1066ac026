"""Pictures repeat to the byte, show what they should, and are found by the default detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avce.data.synthetic import Nuisance, draw_identity, render_face, render_still
from avce.data.synthetic.render import CROP_MARGIN
from avce.faces.detect import default_detector


def test_equal_arguments_give_equal_bytes() -> None:
    first, *label = render_still(5, 2, 3)
    render_still(6, 0, 0)  # whatever else was drawn in between
    second, *again = render_still(5, 2, 3)

    assert np.array_equal(first, second)
    assert label == again


@pytest.mark.parametrize("size", [64, 160, 300])
def test_a_picture_has_the_size_that_was_asked_for(size: int) -> None:
    picture = render_face(draw_identity(np.random.default_rng(0)), 0.2, 0.1, size=size)

    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20


def test_label_identity_and_nuisance_each_change_the_picture() -> None:
    person, other = (draw_identity(np.random.default_rng(seed)) for seed in (0, 1))
    neutral = render_face(person, 0, 0).astype(int)

    for changed in (
        render_face(person, 0.9, 0.2),
        render_face(other, 0, 0),
        render_face(person, 0, 0, Nuisance(yaw_rad=0.3)),
        render_face(person, 0, 0, Nuisance(blink=1.0)),
        render_face(person, 0, 0, Nuisance(background_seed=1)),
    ):
        assert np.abs(changed - neutral).max() > 60


def test_nearby_labels_look_alike_and_distant_ones_do_not() -> None:
    person = replace(draw_identity(np.random.default_rng(0)), expressivity=1.0)
    face = np.s_[40:130, 30:130]
    here, beside, far = (
        render_face(person, v, a)[face].astype(float) for v, a in ((0.6, 0), (0.62, 0), (-0.6, 0))
    )

    assert np.abs(here - beside).mean() < 0.25 * np.abs(here - far).mean()


def test_the_default_detector_finds_the_faces_where_a_crop_has_them() -> None:
    detector = default_detector()
    stills = [render_still(77, subject, 0)[0] for subject in range(40)]
    found = [next(iter(detector.detect(still)), None) for still in stills]
    faces = [face for face in found if face is not None and face.score >= 0.6]

    assert len(faces) >= 0.97 * len(stills)
    boxes = np.array([face.box_xyxy_px for face in faces])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1)
    assert np.abs(middles.mean(0) / 160 - 0.5).max() < 0.03
    assert np.median(sides) / 160 == pytest.approx(1 / (1 + 2 * CROP_MARGIN), rel=0.08)
