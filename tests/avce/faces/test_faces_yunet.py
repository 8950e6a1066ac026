"""YuNet behind the interface of all detectors; the engine is a stand-in, since its model is not shipped."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from avce.errors import DataError, ShapeError
from avce.faces.detect import SlimeFaceDetector
from avce.faces.yunet import YuNetDetector, detector_from


class Engine:
    """Answers rows as OpenCV does: x, y, w, h, ten numbers of landmarks, score."""

    def __init__(self, rows):
        self.rows, self.size, self.picture = rows, None, None

    def setInputSize(self, size):
        self.size = size

    def detect(self, picture):
        assert picture.shape[:2] == self.size[::-1]
        self.picture = picture
        return 1, self.rows


@pytest.fixture
def detector(tmp_path, monkeypatch):
    def make(*faces, **options):
        rows = np.array([[x, y, w, h, *[0] * 10, score] for x, y, w, h, score in faces], np.float32)
        engine = Engine(rows if faces else None)

        class FaceDetectorYN:
            create = staticmethod(lambda *_: engine)

        monkeypatch.setattr(cv2, "FaceDetectorYN", FaceDetectorYN)
        model = tmp_path / "face_detection_yunet.onnx"
        model.write_bytes(b"model")
        return YuNetDetector(model, **options), engine

    return make


def test_boxes_are_in_pixels_of_the_given_picture_best_first(detector):
    yunet, engine = detector((10, 20, 30, 40, 0.5), (50, 60, 20, 20, 0.9), long_side_px=160)
    faces = yunet.detect(np.zeros((240, 320, 3), np.uint8))
    assert engine.size == (160, 120)
    assert [face.score for face in faces] == pytest.approx([0.9, 0.5])
    assert faces[0].box_xyxy_px == (100.0, 120.0, 140.0, 160.0)
    assert faces[1].box_xyxy_px == (20.0, 40.0, 80.0, 120.0)


def test_the_engine_is_given_blue_first(detector):
    yunet, engine = detector()
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    assert yunet.detect(red) == []
    assert engine.picture[0, 0].tolist() == [0, 0, 200]


def test_weak_and_empty_boxes_are_dropped(detector):
    yunet, _ = detector((1, 1, 9, 9, 0.1), (1, 1, 0, 9, 0.9))
    assert yunet.detect(np.zeros((64, 64, 3), np.uint8)) == []


def test_pictures_of_another_kind_are_refused(detector):
    yunet, _ = detector()
    with pytest.raises(ShapeError, match="uint8"):
        yunet.detect(np.zeros((64, 64), np.uint8))


def test_a_file_that_is_missing_or_no_model_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="expected a YuNet file"):
        YuNetDetector(tmp_path / "nothing.onnx")
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(DataError, match=r"wrong\.onnx cannot be read"):
        YuNetDetector(wrong)


def test_without_a_model_the_built_in_detector_is_used():
    assert isinstance(detector_from(None), SlimeFaceDetector)
