"""A data set of stills: crops of many persons with continuous labels and subject-disjoint splits."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.identity import draw_identity
from avce.data.synthetic.nuisance import draw_nuisance
from avce.data.synthetic.render import render_face
from avce.options import SynthOptions
from avce.progress import Reporter

_STREAM = 1
"""Keeps the chance of stills apart from that of clips."""

_JPEG_QUALITY = 92


def draw_label(rng: np.random.Generator) -> tuple[float, float]:
    """Draw (valence, arousal) uniformly from the circumplex's disc, rounded to the four digits of the csv."""
    angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform())
    return round(float(radius * np.cos(angle)), 4), round(float(radius * np.sin(angle)), 4)


def render_still(
    seed: int, subject: int, number: int, *, size: int = 160
) -> tuple[NDArray[np.uint8], float, float]:
    """Render one still of the data set with this seed; it depends on nothing but the arguments.

    Args:
        seed: Of the data set.
        subject: From 0.
        number: Of the subject's still, from 0.
        size: Side in pixels.

    Returns:
        RGB of shape ``(size, size, 3)``, valence, arousal.
    """
    identity = draw_identity(np.random.default_rng([seed, _STREAM, subject]))
    rng = np.random.default_rng([seed, _STREAM, subject, 1 + number])
    valence, arousal = draw_label(rng)
    return render_face(identity, valence, arousal, draw_nuisance(rng), size=size), valence, arousal


def split_of(subject: int, subjects: int) -> str:
    """The split of a subject: the last 15 % test, the 15 % before validation, at least one each from three on."""
    held_out = max(1, round(0.15 * subjects)) if subjects > 1 else 0
    if subjects > 2 and subject >= subjects - held_out:
        return "test"
    return "val" if subject >= subjects - held_out * min(subjects - 1, 2) else "train"


def write_stills(out: Path, options: SynthOptions, reporter: Reporter) -> None:
    """Write ``images/SNNN/NNN.jpg`` and ``labels.csv`` into an empty folder.

    Args:
        out: The folder.
        options: How many, how large, which seed.
        reporter: Told after every picture.
    """
    total = options.subjects * options.per_subject
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "subject", "valence", "arousal", "split"])
        for subject in range(options.subjects):
            name = f"S{subject:03d}"
            (out / "images" / name).mkdir(parents=True)
            for number in range(options.per_subject):
                picture, valence, arousal = render_still(options.seed, subject, number, size=options.size)
                image = f"images/{name}/{number:03d}.jpg"
                _write_jpeg(out / image, picture)
                split = split_of(subject, options.subjects)
                writer.writerow([image, name, f"{valence:.4f}", f"{arousal:.4f}", split])
                reporter.progress(subject * options.per_subject + number + 1, total)


def _write_jpeg(path: Path, rgb_u8: NDArray[np.uint8]) -> None:
    _, encoded = cv2.imencode(".jpg", rgb_u8[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    path.write_bytes(encoded.tobytes())
