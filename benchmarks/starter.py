"""What the starter model can do: agreement on three test sets, jitter on a still face, sensitivity, time.

``python -m benchmarks.starter --json FILE [--faces FOLDER] [--checkpoint NAME]``. FOLDER holds ``fer2013-faces.zip``,
``faces-weak.zip``, ``renderav-stills.zip``, ``renderav-subjects.json`` and ``renderav-affwild.zip``; by default that of the
tests.

How figures are made. Every picture goes the way of the product: the default detector finds the face, the checkpoint's
recipe cuts it; where none is found the whole picture is taken. Labels of the two real sets are weak (a point per
category), those of the rendered set exact; its validation subjects stand in for a test split. Intervals resample subjects
where they are known, else pictures. All figures are over single pictures, without smoothing or averaging.

Figures: ``{fer,photo,render,clip}_{ccc,pcc}_{v,a}``, with ``_low`` and ``_high`` for CCC (``clip``: rendered talking heads,
frame by frame, through detector and tracker, of people who are none of those trained on; clips are resampled); the photographs also without the
labeller whose pictures are film frames (``photo_clean_…``, see the README of that set); ``jitter``, the mean change of
valence and arousal from one frame to the next where a still picture is filmed (sensor noise, half a pixel of shake, H.264,
detector and tracker as for any video); ``move_…``, the mean change of the answer when the face is mirrored, its box
moved by 4 % or grown by 8 %, blurred, made darker or lighter; ``ms_per_face`` in batches of 32 and
``ms_per_face_batch_1``, one thread.
"""

from __future__ import annotations

import os

# Before torch loads; see avce.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from avce.faces.boxes import Box
from avce.metrics.bootstrap import intervals
from avce.metrics.protocols import score
from avce.options import Axis
from avce.training.checkpoint import Predictor, load_predictor
from avce.video.judging import crop_recipe
from benchmarks._clips import jitter, judged_clips
from benchmarks._faces import Faces, Picture, read_faces
from benchmarks._report import finish, median_seconds, parser

FACES = Path(__file__).resolve().parents[2] / "shared" / "data"
ARCHIVES = {
    "fer": ("fer2013-faces.zip", "test"),
    "photo": ("faces-weak.zip", "test"),
    "render": ("renderav-stills.zip", "val"),
}
CLIPS = "renderav-affwild.zip"
FILM_FRAMES_LABELLER = "jhamski"
RESAMPLES = 1000
SENSITIVITY_FACES = 150
"""Pictures of each set that are changed and judged again."""
STILL_FACES = 8


def agreement(pred: NDArray[Any], target: NDArray[Any], groups: Sequence[str]) -> dict[str, Any]:
    """CCC, PCC, RMSE per axis with intervals, and the spread of the predictions."""
    named = [group or f"picture {i}" for i, group in enumerate(groups)]
    scored = score(pred, target, protocol="concatenated")
    bounds = intervals(pred, target, np.array(named), resamples=RESAMPLES)
    return {
        "n": len(pred),
        "n_groups": len(set(named)),
        **{
            axis.value: {
                **{name: float(scored[axis.value][name]) for name in ("ccc", "pcc", "rmse")},
                "ccc_interval": [float(edge) for edge in bounds[axis.value]["ccc"]],
                "mean": float(pred[:, i].mean()),
                "sd": float(pred[:, i].std()),
                "label_sd": float(target[:, i].std()),
            }
            for i, axis in enumerate(Axis)
        },
    }


def by_category(pred: NDArray[Any], rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, float]]:
    """Mean answer for each category."""
    names = np.array([row.get("emotion", "") for row in rows])
    return {
        name: {
            "n": int((names == name).sum()),
            "valence": float(pred[names == name, 0].mean()),
            "arousal": float(pred[names == name, 1].mean()),
        }
        for name in sorted(set(names.tolist()) - {""})
    }


def subgroups(pred: NDArray[Any], faces: Faces, subjects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Agreement on the rendered set by skin tone, hair, glasses and build; skin in thirds of all subjects."""
    light = {str(s["subject"]): float(np.mean(s["skin"])) for s in subjects}
    edges = np.quantile(list(light.values()), [1 / 3, 2 / 3])
    kinds = {
        str(s["subject"]): {
            "skin": ("dark", "middle", "light")[int(np.searchsorted(edges, light[str(s["subject"])]))],
            "hair": str(s["hair"]),
            "glasses": "yes" if s["glasses"] else "no",
            "build": "masculine" if s["masc"] else "feminine",
        }
        for s in subjects
    }
    found: dict[str, Any] = {}
    for kind in ("skin", "hair", "glasses", "build"):
        values = np.array([kinds[row["subject"]][kind] for row in faces.rows])
        for value in sorted(set(values.tolist())):
            keep = values == value
            error = pred[keep] - faces.target[keep]
            scored = score(pred[keep], faces.target[keep], protocol="concatenated")
            found[f"{kind}: {value}"] = {
                "n": int(keep.sum()),
                "subjects": len({row["subject"] for row, kept in zip(faces.rows, keep, strict=True) if kept}),
                "ccc_v": float(scored["valence"]["ccc"]),
                "ccc_a": float(scored["arousal"]["ccc"]),
                "bias_v": float(error[:, 0].mean()),
                "bias_a": float(error[:, 1].mean()),
            }
    return found


def _moved(dx: float = 0.0, dy: float = 0.0, grow: float = 0.0) -> Callable[[Box], Box]:
    """A box shifted and grown by shares of its longer side."""

    def move(box: Box) -> Box:
        side = max(box[2] - box[0], box[3] - box[1])
        x, y, more = dx * side, dy * side, grow * side / 2
        return (box[0] + x - more, box[1] + y - more, box[2] + x + more, box[3] + y + more)

    return move


def _each(crops: Picture, change: Callable[[Picture], Any]) -> Picture:
    return np.stack([np.asarray(change(crop), np.uint8) for crop in crops])


def _toned(exponent: float) -> Callable[[Picture], Any]:
    table = (255 * (np.arange(256) / 255) ** exponent).round().astype(np.uint8)
    return lambda crop: cv2.LUT(crop, table)


def sensitivity(predictor: Predictor, faces: Faces) -> dict[str, dict[str, float]]:
    """Mean change of the answer under changes that do not change the expression."""
    crops = faces.crops(predictor)
    plain = predictor.predict(crops)
    changed = {
        "shift": faces.crops(predictor, _moved(0.04, 0.03)),
        "larger_box": faces.crops(predictor, _moved(grow=0.08)),
        "smaller_box": faces.crops(predictor, _moved(grow=-0.08)),
        "blur": _each(crops, lambda crop: cv2.GaussianBlur(crop, (0, 0), 2.0)),
        "darker": _each(crops, _toned(1.8)),
        "lighter": _each(crops, _toned(0.55)),
    }
    moves = {
        name: np.abs(predictor.predict(np.ascontiguousarray(p)) - plain).mean(0)
        for name, p in changed.items()
    }
    # Where the card averages with the mirrored face nothing would be left to see, so this one is without.
    alone, mirrored = (predictor.predict(side, flip=False) for side in (crops, crops[:, :, ::-1].copy()))
    moves["mirror"] = np.abs(mirrored - alone).mean(0)
    return {name: {"valence": float(m[0]), "arousal": float(m[1])} for name, m in moves.items()}


def speed(predictor: Predictor) -> dict[str, float]:
    """Milliseconds per face on one thread, cutting not counted; the best of several tries, for machines with other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    size = crop_recipe(predictor).size
    crops = np.random.default_rng(0).integers(0, 255, (32, size, size, 3), np.uint8)
    try:
        many = min(median_seconds(lambda: predictor.predict(crops), repeats=1) for _ in range(10))
        one = min(median_seconds(lambda: predictor.predict(crops[:1]), repeats=1) for _ in range(30))
    finally:
        torch.set_num_threads(threads)
    return {"ms_per_face": 1000 * many / 32, "ms_per_face_batch_1": 1000 * one}


def _figures(name: str, result: Mapping[str, Any]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for axis in Axis:
        short, values = axis.value[0], result[axis.value]
        figures |= {f"{name}_ccc_{short}": values["ccc"], f"{name}_pcc_{short}": values["pcc"]}
        figures |= dict(
            zip((f"{name}_ccc_{short}_low", f"{name}_ccc_{short}_high"), values["ccc_interval"], strict=True)
        )
    return figures


def measure(
    checkpoint: str, folder: Path, most: int | None = None
) -> tuple[dict[str, float], dict[str, Any]]:
    """All figures, and the tables behind them."""
    predictor = load_predictor(checkpoint)
    figures: dict[str, float] = {}
    sets: dict[str, Any] = {}
    moves: dict[str, Any] = {}
    is_flipped = bool(predictor.info.get("flip", False))
    tables: dict[str, Any] = {
        "checkpoint": checkpoint,
        "flip": is_flipped,
        "sets": sets,
        "sensitivity": moves,
    }
    for name, (archive, split) in ARCHIVES.items():
        faces = read_faces(folder / archive, split, most)
        pred = predictor.predict(faces.crops(predictor)).astype(np.float64)
        groups = [row.get("subject", "") for row in faces.rows]
        sets[name] = agreement(pred, faces.target, groups) | {
            "found": float(faces.found.mean()), "categories": by_category(pred, faces.rows),
        }  # fmt: skip
        figures |= _figures(name, sets[name])
        moves[name] = sensitivity(
            predictor, faces.some(range(0, len(pred), max(1, len(pred) // SENSITIVITY_FACES)))
        )
        if name == "photo":
            clean = [i for i, row in enumerate(faces.rows) if row["user_id"] != FILM_FRAMES_LABELLER]
            sets["photo_clean"] = agreement(pred[clean], faces.target[clean], [groups[i] for i in clean])
            figures |= _figures("photo_clean", sets["photo_clean"])
            chosen = np.flatnonzero(faces.found)[:: max(1, int(faces.found.sum()) // STILL_FACES)][
                :STILL_FACES
            ]
            figures |= jitter(predictor, [faces.pictures[i] for i in chosen])
        if name == "render":
            subjects = json.loads((folder / "renderav-subjects.json").read_text("utf-8"))
            seen = read_faces(folder / archive, "train", most)
            both = np.concatenate([pred, predictor.predict(seen.crops(predictor))])
            tables["subgroups"] = {
                "held_out": subgroups(pred, faces, subjects),
                "all": subgroups(both, faces.joined(seen), subjects),
            }
    clips = judged_clips(predictor, folder / CLIPS, most and 1)
    sets["clip"] = agreement(*clips)
    figures |= _figures("clip", sets["clip"])
    for change in moves["photo"]:
        figures[f"move_{change}"] = float(np.mean([list(moves[name][change].values()) for name in ARCHIVES]))
    return figures | speed(predictor), tables


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    flags = parser("What the starter model can do.")
    flags.add_argument(
        "--faces", type=Path, default=Path(os.environ.get("AVCE_SHARED_DATA", FACES)), metavar="FOLDER"
    )
    flags.add_argument(
        "--checkpoint", default="starter", help="another checkpoint to measure in the same way"
    )
    flags.add_argument(
        "--most", type=int, metavar="N", help="about so many pictures of each set; all by default"
    )
    arguments = flags.parse_args(argv)
    needed = [*(archive for archive, _ in ARCHIVES.values()), CLIPS]
    missing = [archive for archive in needed if not (arguments.faces / archive).is_file()]
    if missing:
        flags.error(
            f"--faces {arguments.faces}: expected {', '.join(missing)} there (or set AVCE_SHARED_DATA)"
        )
    figures, tables = measure(arguments.checkpoint, arguments.faces, arguments.most)
    finish(figures, arguments.json, **tables)


if __name__ == "__main__":
    main()
