"""What AVCE makes of one face, number by number: z, both views, their judgements, pull and push, and the solvers.

The poster's figures draw these quantities; here they are computed from a trained checkpoint. Symbols: ``z`` the
feature, ``Sp(z)`` and ``Sm(z)`` its two views on the simplex, ``x = R(z)`` the prediction, ``y_a = H(Sp z)`` and
``y_n = H(Sm z)`` the judgements of the views, ``f`` the similarity that the contrast raises for y_a and lowers for y_n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avce.data.loader import to_input
from avce.errors import OptionError, ShapeError
from avce.faces.crop import crop_face
from avce.faces.detect import FaceDetector, default_detector
from avce.methods.avce import Avce
from avce.methods.supervised import Supervised
from avce.objectives.contrast import angle_rad, avce_objective, similarity
from avce.objectives.hold_push import hold, push
from avce.options import AvceOptions
from avce.progress import Reporter
from avce.training.checkpoint import Predictor, load_predictor
from avce.transforms import VIEWS, Solver, best_solver, transform
from avce.transforms.timing import median_s, view_step_s

NO_MARGIN_SIZE = 224


def face_of(
    predictor: Predictor, picture_rgb_u8: NDArray[np.uint8], detector: FaceDetector | None = None
) -> tuple[NDArray[np.uint8], str]:
    """Cut the face out of a picture by the recipe that the checkpoint was trained with.

    Args:
        predictor: Its card holds the recipe.
        picture_rgb_u8: Shape ``(h, w, 3)``.
        detector: Finds faces; default the one used everywhere.

    Returns:
        The crop, ``(size, size, 3)``, and a sentence on how it came about. Of several faces the largest is taken. A
        picture without a found face is taken whole, which is right for one that was cut out already.
    """
    crop = predictor.info.get("crop") or {}
    margin, size = float(crop.get("margin", 0.0)), int(crop.get("size", NO_MARGIN_SIZE))
    faces = (detector or default_detector()).detect(picture_rgb_u8)
    if faces:
        box = max(faces, key=lambda face: _area(face.box_xyxy_px)).box_xyxy_px
        words = "the face that was found" if len(faces) == 1 else f"the largest of {len(faces)} faces"
        return crop_face(picture_rgb_u8, box, margin=margin, size=size), words
    height, width = picture_rgb_u8.shape[:2]
    whole = crop_face(picture_rgb_u8, (0.0, 0.0, float(width), float(height)), margin=0.0, size=size)
    return whole, "no face was found, so the whole picture was taken"


def watch_training(
    folders: Sequence[tuple[int, Path]], crop_rgb_u8: NDArray[np.uint8], reporter: Reporter | None = None
) -> list[dict[str, Any]]:
    """The same face as each kept epoch of a run sees it.

    Args:
        folders: Epoch and folder of its checkpoint, in order.
        crop_rgb_u8: Shape ``(h, w, 3)``.
        reporter: Gets progress and stops between epochs.

    Returns:
        Per epoch ``{"epoch": n}`` and what :func:`inspect_face` gives, without ``solvers``.
    """
    reporter = reporter or Reporter()
    reporter.stage("watch training")
    found = []
    for done, (epoch, folder) in enumerate(folders):
        reporter.progress(done, len(folders), f"epoch {epoch}")
        found.append({"epoch": epoch} | _look(load_predictor(folder), crop_rgb_u8)[0])
    return found


def inspect_face(
    predictor: Predictor, crop_rgb_u8: NDArray[np.uint8], reporter: Reporter | None = None
) -> dict[str, Any]:
    """Every quantity of the poster for one face.

    Args:
        predictor: A checkpoint of AVCE, or of the supervised net, which has z and x but no judgements.
        crop_rgb_u8: Shape ``(h, w, 3)``, cut by the checkpoint's recipe.
        reporter: Gets progress and stops between solvers.

    Returns:
        Plain values: ``{"method", "dim", "z", "attentive": {"view", "values", "support"}, "inattentive": …, "x",
        "y_a", "y_n", "f_a", "f_n", "theta_a_deg", "theta_n_deg", "objective", "push", "hold", "solvers": […]}``; what
        the method does not have is ``None``. ``x`` is not clipped. See :func:`time_solvers` for ``solvers``.

    Raises:
        OptionError: The method has no feature z.
        ShapeError: Not one colour picture.
    """
    reporter = reporter or Reporter()
    reporter.stage("inspect")
    found, z = _look(predictor, crop_rgb_u8)
    names = [found[part]["view"] for part in ("attentive", "inattentive")]
    return found | {"solvers": time_solvers(z, names, predictor.options.batch_size, reporter)}


@torch.inference_mode()
def _look(predictor: Predictor, crop_rgb_u8: NDArray[np.uint8]) -> tuple[dict[str, Any], Tensor]:
    """What one checkpoint makes of one face, and z."""
    if crop_rgb_u8.ndim != 3 or crop_rgb_u8.shape[-1] != 3:
        raise ShapeError(f"crop_rgb_u8: expected shape (h, w, 3), got {crop_rgb_u8.shape}")
    method = predictor.method
    if not isinstance(method, Supervised):
        raise OptionError(
            f"run: method {predictor.options.method.value} has no feature z to look into; choose a run of AVCE"
        )
    options = predictor.options.avce
    z = method.feature(to_input(crop_rgb_u8[None], predictor.options).to(predictor.device)).float()
    names = {"attentive": options.attentive_view, "inattentive": options.inattentive_view}
    views = {part: transform(z, view=name, solver=best_solver(name)) for part, name in names.items()}
    found: dict[str, Any] = {
        "method": predictor.options.method.value,
        "dim": int(z.shape[-1]),
        "z": _numbers(z),
        "x": _numbers(method.R(z)),
    }
    for part, values in views.items():
        support = int((values > 0).sum())
        found[part] = {"view": names[part], "values": _numbers(values), "support": support}
    return found | _judged(method, z, views["attentive"], views["inattentive"], options), z


def _judged(method: Supervised, z: Tensor, z_a: Tensor, z_n: Tensor, options: AvceOptions) -> dict[str, Any]:
    """Judgements of H and what the losses make of them; ``None`` for a method without H."""
    keys = "y_a", "y_n", "f_a", "f_n", "theta_a_deg", "theta_n_deg", "objective", "push", "hold"
    if not isinstance(method, Avce):
        return dict.fromkeys(keys)
    x, y_a, y_n = method.R(z).float(), method.H(z_a).float(), method.H(z_n).float()
    single = options.model_copy(update={"reduction": "mean"})
    v_a, v_n, v_z = (method.v(part).float() for part in (z_a, z_n, z))
    values = (
        _numbers(y_a),
        _numbers(y_n),
        float(similarity(x, y_a, options).mean()),
        float(similarity(x, y_n, options).mean()),
        math.degrees(float(angle_rad(x, y_a))),
        math.degrees(float(angle_rad(x, y_n))),
        float(avce_objective(x, y_a, y_n, single)),
        float(push(v_a, v_n)),
        float(hold(v_a, v_n, v_z)),
    )
    return dict(zip(keys, values, strict=True))


def time_solvers(
    z: Tensor, views: list[str], batch_size: int, reporter: Reporter | None = None
) -> list[dict[str, Any]]:
    """The closed form against ECOS on the same z: time of one face and of a batch, and how far apart they are.

    Args:
        z: Shape ``(1, d)``.
        views: Names of views; those without a convex program have the closed form only.
        batch_size: Rows of a training batch; z is repeated, slightly changed from row to row.
        reporter: Stops between solvers.

    Returns:
        Per view and solver ``{"view", "solver", "face_ms", "batch_ms", "step_ms", "batch_size", "difference"}``;
        ``step_ms`` is that of a training step, with the way back to z; ``difference`` is the largest over the entries of
        the batch, against the first solver of the view. Times are medians on the CPU after one run that is not counted.
    """
    reporter = reporter or Reporter()
    z = z.detach().cpu().float()
    generator = torch.Generator().manual_seed(0)
    batch = z + 0.05 * z.abs().mean() * torch.rand((batch_size, z.shape[-1]), generator=generator)
    batch[0] = z[0]
    table: list[dict[str, Any]] = []
    chosen: list[tuple[str, Solver]] = [
        (view, solver)
        for view in dict.fromkeys(views)
        for solver in VIEWS[view].solvers
        if not solver.startswith("cvxpy") or len(VIEWS[view].solvers) == 1
    ]
    first: dict[str, Tensor] = {}
    for done, (view, solver) in enumerate(chosen):
        reporter.progress(done, len(chosen), f"{view} by {solver}")

        def solve(rows: Tensor, view: str = view, solver: Solver = solver) -> Tensor:
            return transform(rows, view=view, solver=solver)

        solved = solve(batch)
        first.setdefault(view, solved)
        table.append(
            {
                "view": view,
                "solver": solver,
                "face_ms": 1000 * median_s(lambda solve=solve: solve(z)),  # type: ignore[misc]
                "batch_ms": 1000 * median_s(lambda solve=solve: solve(batch)),  # type: ignore[misc]
                "step_ms": 1000 * view_step_s(batch, view, solver),
                "batch_size": batch_size,
                "difference": float((solved - first[view]).abs().max()),
            }
        )
    return table


def _numbers(row: Tensor) -> list[float]:
    values: list[float] = row[0].double().cpu().tolist()
    return values


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
