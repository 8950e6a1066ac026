"""The engine called directly: the faces of its Python binding, without what that keeps of every picture."""

from __future__ import annotations

import numpy as np
import psutil

from avce.data.synthetic import render_still
from avce.faces import engine


def test_the_library_finds_what_its_binding_finds():
    for subject in range(3):
        rgb, _, _ = render_still(1, subject, 0)
        faces = engine.find_faces(rgb)
        assert len(faces) >= 1
        assert sorted(faces) == sorted(engine._by_binding(rgb))


def test_a_thousand_calls_keep_nothing():
    rgb = np.zeros((96, 128, 3), np.uint8)
    engine.find_faces(rgb)
    before = psutil.Process().memory_info().rss
    for _ in range(1000):
        engine.find_faces(rgb)
    grown_mb = (psutil.Process().memory_info().rss - before) / 2**20
    assert grown_mb < 10  # the binding keeps 72 MB
