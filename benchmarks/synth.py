"""Speed of the generator and share of its faces that the default detector finds.

``python -m benchmarks.synth --json FILE`` renders stills of 160 pixels on one thread, ten of each person, and counts
those found with a score of 60 % and more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import cv2
import numpy as np

from avce.data.synthetic import render_still
from avce.faces.detect import default_detector
from benchmarks._report import finish, parser

_PER_SUBJECT = 10


def measure(faces: int, seed: int) -> dict[str, float]:
    """Render and detect.

    Args:
        faces: How many stills.
        seed: Of the data set.

    Returns:
        ``faces_per_second`` (by the wall clock), ``faces_per_cpu_second`` (what a core of one's own would give)
        and ``detected_share``.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    detector = default_detector()
    wall_s, cpu_s, scores = 0.0, 0.0, []
    try:
        for number in range(faces):
            wall, cpu = time.perf_counter(), time.process_time()
            still, _, _ = render_still(seed, number // _PER_SUBJECT, number % _PER_SUBJECT)
            wall_s += time.perf_counter() - wall
            cpu_s += time.process_time() - cpu
            scores.append(max((face.score for face in detector.detect(still)), default=0.0))
    finally:
        cv2.setNumThreads(threads)
    return {
        "faces_per_second": faces / wall_s,
        "faces_per_cpu_second": faces / cpu_s,
        "detected_share": float(np.mean(np.array(scores) >= 0.6)),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    flags = parser("Speed of the face generator and share of faces found.")
    flags.add_argument("--faces", type=int, default=200, help="how many stills to render")
    flags.add_argument("--seed", type=int, default=0, help="seed of the stills")
    arguments = flags.parse_args(argv)
    finish(measure(arguments.faces, arguments.seed), arguments.json)


if __name__ == "__main__":
    main()
