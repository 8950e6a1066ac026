"""Few points that look like many: of each stretch of a curve its lowest and its highest. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def extremes(curves: Sequence[NDArray[np.float64]], limit: int) -> NDArray[np.int64]:
    """Rows to keep so that curves over one time look as before.

    The rows are parted into stretches of one length. Of each stretch and curve the lowest and the highest value
    stay, so no peak is lost however short it is; the first row without a value stays, so gaps stay gaps; and
    so do the very first and last row.

    Args:
        curves: Equally long, row by row at the same time; ``nan`` where there is no value.
        limit: About how many rows may stay, at least 3 per curve.

    Returns:
        Places in order; all of them where there are no more than ``limit``.

    Note: O(n) per curve. This is the min-max decimation that plotting tools use; it keeps extremes exactly, which
    largest-triangle selection does not promise.
    """
    count = len(curves[0]) if curves else 0
    if count <= limit:
        return np.arange(count)
    stretches = max(1, limit // (3 * len(curves)))
    edges = np.linspace(0, count, stretches + 1).astype(int)[:-1]
    kept = [np.array([0, count - 1])]
    for curve in curves:
        is_known = np.isfinite(curve)
        for filled, better in ((np.inf, np.minimum), (-np.inf, np.maximum)):
            values = np.where(is_known, curve, filled)
            best = better.reduceat(values, edges)
            kept.append(_first(values == np.repeat(best, _lengths(edges, count)), edges))
        kept.append(_first(~is_known, edges))
    return np.unique(np.concatenate(kept)).astype(np.int64)


def _lengths(edges: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.diff(np.append(edges, count))


def _first(is_wanted: NDArray[np.bool_], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first wanted place of each stretch that has one."""
    places = np.flatnonzero(is_wanted)
    stretch = np.searchsorted(edges, places, side="right")
    _, first = np.unique(stretch, return_index=True)
    return places[first]
