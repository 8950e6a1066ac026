"""The default detector: offline, any size of picture, boxes in the pixels of the picture given."""

from __future__ import annotations

import io
import zipfile

import av
import cv2
import numpy as np
import pytest

from avce.errors import ShapeError
from avce.faces.boxes import iou
from avce.faces.detect import default_detector


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (3, 900), (48, 48), (333, 21), (600, 800)])
def test_noise_of_any_size_holds_no_face(shape):
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    assert [face for face in default_detector().detect(picture) if face.score > 0.6] == []


def test_what_is_no_colour_picture_is_refused():
    with pytest.raises(ShapeError, match=r"uint8 \(h, w, 3\)"):
        default_detector().detect(np.zeros((40, 40), np.uint8))
    with pytest.raises(ShapeError, match="float"):
        default_detector().detect(np.zeros((40, 40, 3)))


@pytest.mark.shared_data
def test_boxes_follow_the_size_of_the_picture(shared_data):
    with zipfile.ZipFile(shared_data / "renderav-affwild.zip") as archive:
        clip = io.BytesIO(archive.read("videos/train/001.mp4"))
    with av.open(clip) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    (face,) = [face for face in default_detector().detect(frame) if face.score > 0.6]
    assert 0.8 < face.score <= 1
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    (again,) = [face for face in default_detector().detect(large) if face.score > 0.6]
    assert iou(face.box_xyxy_px, tuple(edge / 4 for edge in again.box_xyxy_px)) > 0.8
