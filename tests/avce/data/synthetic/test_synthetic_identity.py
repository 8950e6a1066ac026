"""Persons are drawn by seed and differ."""

from __future__ import annotations

import numpy as np

from avce.data.synthetic import draw_identity, draw_nuisance
from avce.data.synthetic.identity import Beard


def test_equal_seeds_draw_equal_persons() -> None:
    assert draw_identity(np.random.default_rng(3)) == draw_identity(np.random.default_rng(3))
    assert draw_identity(np.random.default_rng(3)) != draw_identity(np.random.default_rng(4))


def test_a_crowd_holds_all_kinds_of_people() -> None:
    crowd = [draw_identity(np.random.default_rng(seed)) for seed in range(400)]

    brightness = [sum(person.skin) / 3 for person in crowd]
    assert min(brightness) < 70
    assert max(brightness) > 200
    assert len({person.hair for person in crowd}) == 7
    assert len({person.beard for person in crowd}) == 5
    assert len({person.glasses for person in crowd}) == 3
    assert all(person.beard is Beard.NONE for person in crowd if person.feminine > 0.5)


def test_poses_stay_where_a_face_is_seen() -> None:
    drawn = [draw_nuisance(np.random.default_rng(seed)) for seed in range(300)]

    assert max(abs(nuisance.yaw_rad) for nuisance in drawn) < 0.5
    assert max(abs(nuisance.pitch_rad) for nuisance in drawn) < 0.3
