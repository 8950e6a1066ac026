"""The map from (valence, arousal) to muscles is smooth, and its signs are those of real faces."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from avce.data.synthetic.expression import PROTOTYPES, express


def test_pleasure_smiles_and_displeasure_frowns() -> None:
    happy, sad = express(0.85, 0.25), express(-0.75, -0.4)

    assert happy.smile > sad.smile + 0.6
    assert sad.frown > happy.frown + 0.6


def test_arousal_opens_eyes_and_mouth() -> None:
    excited, calm = express(0.4, 0.9), express(0.4, -0.8)

    assert excited.lid_raise > calm.lid_raise + 0.4
    assert excited.jaw > calm.jaw + 0.4
    assert calm.droop > excited.droop + 0.4


def test_anger_lowers_the_brows_and_fear_raises_their_inner_ends() -> None:
    angry, afraid = express(-0.78, 0.5), express(-0.5, 0.85)

    assert angry.brow_lower > 0.7
    assert afraid.inner_brow > 0.7
    assert angry.inner_brow < 0.3


def test_the_face_moves_a_little_when_the_label_moves_a_little() -> None:
    rng = np.random.default_rng(0)
    for valence, arousal in rng.uniform(-0.99, 0.99, (200, 2)):
        here = np.array(astuple(express(valence, arousal)))
        beside = np.array(astuple(express(valence + 1e-3, arousal - 1e-3)))
        assert np.abs(beside - here).max() < 0.02


def test_no_two_prototypes_look_the_same() -> None:
    faces = [np.array(astuple(express(valence, arousal))) for valence, arousal, _ in PROTOTYPES.values()]
    for i, first in enumerate(faces):
        for second in faces[:i]:
            assert np.linalg.norm(first - second) > 0.3


def test_expressivity_scales_every_action() -> None:
    plain, strong = (np.array(astuple(express(0.6, 0.5, expressivity=e))) for e in (1.0, 1.2))

    assert strong == pytest.approx(1.2 * plain)
