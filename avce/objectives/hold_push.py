"""The metric regulariser of the poster's triangle: push the two views apart, hold each near z."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from avce.options import AvceOptions

MARGIN = 1.0


def push(v_a: Tensor, v_n: Tensor) -> Tensor:
    """relu(1 − ‖v_a − v_n‖²) for each sample: zero once the views are a unit apart. ``(B, k), (B, k) -> (B,)``."""
    return F.relu(MARGIN - (v_a - v_n).square().sum(-1))


def hold(v_a: Tensor, v_n: Tensor, v_z: Tensor) -> Tensor:
    """Σ over both views of (distance to z − 1), of normalised vectors: ``(B,)``, in [−2, 2].

    The −1 is the authors' and moves nothing; it is kept so that values compare.
    """
    v_a, v_n, v_z = F.normalize(v_a, dim=-1), F.normalize(v_n, dim=-1), F.normalize(v_z, dim=-1)
    return (F.pairwise_distance(v_a, v_z) - 1) + (F.pairwise_distance(v_n, v_z) - 1)


def hold_push(v_a: Tensor, v_n: Tensor, v_z: Tensor, options: AvceOptions) -> Tensor:
    """Push + hold_weight × hold, over the batch.

    Our reading: the description leaves open between which vectors hold measures; the poster's sketch ties each view
    to z, and so do we. With ``reduction="sum"`` hold is summed over the batch, as in the authors' code, while push is
    a mean there too.

    Args:
        v_a: v(Sp z), shape ``(B, k)``.
        v_n: v(Sm z), shape ``(B, k)``.
        v_z: v(z), shape ``(B, k)``.
        options: Holds ``hold_weight`` and ``reduction``.

    Returns:
        A scalar to minimise.
    """
    v_a, v_n, v_z = v_a.float(), v_n.float(), v_z.float()
    held = hold(v_a, v_n, v_z)
    return push(v_a, v_n).mean() + options.hold_weight * (
        held.mean() if options.reduction == "mean" else held.sum()
    )
