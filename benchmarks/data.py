"""Preparing, loading and examining data: is any of it ever what training waits for?

``python -m benchmarks.data --json FILE`` measures

- ``prepare_vs_serial``: preparing clips with all cores, against decoding every frame and then detecting in every frame on one core
  (``prepare_vs_serial_one_thread``: with one thread; ``prepare_vs_serial_cpu``: in processor time, which other programs on the
  machine do not move);
- ``loader_vs_step``: pictures per second of the loader (poster augmentation, 224 pixels, crops decoded once) against AlexNet's
  supervised training step (``loader_first_epoch_vs_step``: while crops are still being decoded);
- ``import_200k_s``, ``import_peak_mb``: reading 200,000 labelled rows of a zip, giving splits, and the doctor's report, in a fresh
  process; ``peak_200k_vs_20k``: its peak memory against that of 20,000 rows.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from avce.data.doctor import examine
from avce.data.index import open_index
from avce.data.prepare import prepare
from avce.data.splits import assign_splits
from avce.data.synthetic import synthesize
from avce.faces.detect import default_detector
from avce.options import Backbone, Method, PrepareOptions, SynthOptions, TrainOptions
from avce.progress import Reporter
from avce.video.read import read_frames
from benchmarks._report import finish, parser

SIDE = 96
DISTINCT = 7919
"""Pictures that are drawn; a prime, so that samples at even steps do not meet the same ones."""


def prepare_figures(folder: Path, seconds: float) -> dict[str, float]:
    """Preparing against decoding and detecting one after the other."""
    made = synthesize(
        folder / "clips", SynthOptions(kind="affwild", clips=4, seconds=seconds, gaps=False), Reporter()
    )
    videos = sorted(made.rglob("*.mp4"))
    detector = default_detector()
    start, cpu = time.perf_counter(), time.process_time()
    frames = [frame.rgb_u8 for video in videos for frame in read_frames(video)]
    for frame in frames:
        detector.detect(frame)
    serial_s, serial_cpu_s = time.perf_counter() - start, time.process_time() - cpu
    times = {}
    for jobs in (1, None):
        start, cpu = time.perf_counter(), time.process_time()
        prepare(made, folder / f"prepared-{jobs}", PrepareOptions(), jobs=jobs)
        times[jobs], cpu_s = time.perf_counter() - start, time.process_time() - cpu
    return {
        "prepare_vs_serial": serial_s / times[None],
        "prepare_vs_serial_one_thread": serial_s / times[1],
        "prepare_vs_serial_cpu": serial_cpu_s / cpu_s,
        "prepare_frames_per_s": len(frames) / times[None],
    }


def loader_figures(folder: Path, faces: int) -> dict[str, float]:
    """The loader against AlexNet's training step."""
    # torch is loaded only here, so that the import is measured without it
    from avce.data.loader import TrainLoader
    from avce.methods import build_method
    from avce.training.engine import Engine

    data = prepare(write_set(folder / "faces.zip", faces), folder / "faces", PrepareOptions(detect="never"))
    options = TrainOptions(method=Method.SUPERVISED, backbone=Backbone.ALEXNET, input_size=224, batch_size=64)
    loader = TrainLoader(data, np.arange(faces), options)
    rates = []
    for epoch in range(3):
        start = time.perf_counter()
        n = sum(len(batch) for batch in loader.epoch(epoch))
        rates.append(n / (time.perf_counter() - start))
    method = build_method(options)
    engine = Engine(method, options, 10)
    method.train()
    batch = next(loader.epoch(0)).to(engine.device)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        engine.begin_step()
        method.training_step(batch, engine)
        engine.end_step()
        times.append(time.perf_counter() - start)
    step = len(batch) / min(times)
    return {
        "loader_vs_step": max(rates[1:]) / step,
        "loader_first_epoch_vs_step": rates[0] / step,
        "loader_pictures_per_s": max(rates[1:]),
        "step_pictures_per_s": step,
    }


def write_set(path: Path, rows: int) -> Path:
    """A zip of small pictures, no two alike, with a csv of labels."""
    rng = np.random.default_rng(0)
    faces = [
        cv2.imencode(".jpg", cv2.resize(rng.integers(0, 255, (8, 8, 3)).astype(np.uint8), (SIDE, SIDE)))[
            1
        ].tobytes()
        for _ in range(DISTINCT)
    ]
    labels = rng.uniform(-1, 1, (rows, 2)).round(4)
    with zipfile.ZipFile(path, "w") as archive:
        lines = ["image,subject,valence,arousal"]
        for k in range(rows):
            archive.writestr(f"images/{k // 1000:03}/{k:06}.jpg", faces[k % DISTINCT] + k.to_bytes(4, "big"))
            lines.append(f"images/{k // 1000:03}/{k:06}.jpg,s{k % 997},{labels[k, 0]},{labels[k, 1]}")
        archive.writestr("labels.csv", "\n".join(lines))
    return path


def import_figures(folder: Path, rows: int) -> dict[str, float]:
    """Import and examination of many rows, each in a fresh process."""
    small, large = (_examined(write_set(folder / f"{n}.zip", n)) for n in (rows // 10, rows))
    return {
        "import_200k_s": large["seconds"],
        "import_peak_mb": large["peak_mb"],
        "peak_200k_vs_20k": large["peak_mb"] / small["peak_mb"],
        "import_20k_s": small["seconds"],
    }


def _examined(place: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.data", "--examine", str(place)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    place.unlink()
    found: dict[str, float] = json.loads(done.stdout)
    return found


def examine_here(place: Path) -> dict[str, Any]:
    """Read labels, give splits, examine; time and peak memory of this process."""
    start = time.perf_counter()
    _import(place)
    examine(place)
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb()}


def _import(place: Path) -> None:
    """Its table goes when it is done: two at a time would be the benchmark's own doing."""
    index = open_index(place)
    assign_splits(index.table, val_share=0.15, test_share=0.15, seed=0)
    index.source.close()


def peak_mb() -> float:
    """Peak memory of this program; ``ru_maxrss`` would count what its parent held when it was started, too."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(argv: Sequence[str] | None = None) -> None:
    """Command line."""
    flags = parser(str(__doc__).splitlines()[0])
    flags.add_argument("--rows", type=int, default=200_000, help="labelled rows of the large import")
    flags.add_argument("--seconds", type=float, default=8.0, help="length of each of the four clips")
    flags.add_argument("--faces", type=int, default=1024, help="faces that the loader goes through")
    flags.add_argument(
        "--examine", type=Path, metavar="FILE", help="only import and examine this data set, in this process"
    )
    given = flags.parse_args(argv)
    if given.examine:
        print(json.dumps(examine_here(given.examine)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = prepare_figures(folder, given.seconds)
        figures |= loader_figures(folder, given.faces)
        figures |= import_figures(folder, given.rows)
    finish(figures, given.json)


if __name__ == "__main__":
    main()
