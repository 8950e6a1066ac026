"""Two models against each other: the plane of where each is nearer, and the persons on which each wins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.circumplex import framed
from dashboard.charts.theme import LINE, MAX_POINTS, MUTED, note, styled

NEUTRAL = "rgba(138, 141, 145, 0.25)"


def better_where(
    points: pd.DataFrame,
    names: tuple[str, str],
    colours: tuple[str, str],
    *,
    bins: int | None = None,
    fewest: int = 3,
    height: int = 460,
) -> go.Figure:
    """Mean gain in square cells of the labels' plane: A's colour where A is nearer to the label, B's where B is.

    Args:
        points: Columns ``valence, arousal, gain``; gain > 0 means that A is nearer.
        names: Of A and B.
        colours: Of A and B.
        bins: Cells per axis, over [-1, 1]; by default fewer where there are fewer faces.
        fewest: Cells with fewer faces stay clear: their mean says nothing.
        height: In pixels.
    """
    known = points.dropna()
    bins = bins or _cells(len(known))
    edges = np.linspace(-1, 1, bins + 1)
    places = known[["valence", "arousal"]].to_numpy(np.float64).clip(-1, 1)
    counts, _ = np.histogramdd(places, bins=[edges, edges])
    sums, _ = np.histogramdd(places, bins=[edges, edges], weights=known["gain"].to_numpy(np.float64))
    is_full = counts >= fewest
    gain = np.where(is_full, sums / np.maximum(counts, 1), np.nan).T
    reach = float(np.nanmax(np.abs(gain))) if is_full.any() else 1.0
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Heatmap(
            x=middles, y=middles, z=gain, customdata=counts.T.astype(int), zmin=-reach, zmax=reach, xgap=1, ygap=1,
            colorscale=[[0, colours[1]], [0.5, NEUTRAL], [1, colours[0]]], hoverongaps=False,
            colorbar=_gain_bar(reach, names),
            hovertemplate="valence %{x:.2f}, arousal %{y:.2f}<br>gain %{z:+.3f} over %{customdata} faces<extra></extra>",
        )
    )  # fmt: skip
    framed(figure, height=height, legend=False)
    figure.update_layout(margin_t=76)
    if is_full.any():
        return figure
    return note(figure, f"no cell with {fewest} faces or more")


def subject_gains(
    table: pd.DataFrame, axis: str, names: tuple[str, str], colours: tuple[str, str], *, height: int = 300
) -> go.Figure:
    """One bar per person, sorted: how much smaller the winner's RMSE is.

    Args:
        table: Columns ``group, axis, n, a, b, gain``.
        axis: ``valence`` or ``arousal``.
        names: Of A and B.
        colours: Of A and B.
        height: In pixels.
    """
    part = table[table["axis"] == axis].dropna(subset=["gain"]).sort_values("gain", ascending=False)
    shown = part.iloc[np.unique(np.linspace(0, len(part) - 1, min(len(part), MAX_POINTS)).astype(int))]
    figure = go.Figure()
    for name, colour, sign in ((names[0], colours[0], 1), (names[1], colours[1], -1)):
        rows = shown[np.sign(shown["gain"]) == sign]
        total = int((np.sign(part["gain"]) == sign).sum())
        figure.add_bar(
            x=rows["group"].astype(str), y=rows["gain"].abs(), name=f"{name} better on {total}",
            marker_color=colour, customdata=rows[["n", "a", "b"]],
            hovertemplate=f"%{{x}}: %{{customdata[0]}} faces<br>RMSE {names[0]} %{{customdata[1]:.3f}}"
            f"<br>RMSE {names[1]} %{{customdata[2]:.3f}}<extra></extra>",
        )  # fmt: skip
    styled(figure, height=height)
    figure.update_xaxes(
        title_text="subjects", showticklabels=len(shown) <= 40, type="category",
        categoryorder="array", categoryarray=shown["group"].astype(str).tolist(),
    )  # fmt: skip
    figure.update_yaxes(title_text=f"{axis}: RMSE lower by", zeroline=True, zerolinecolor=LINE)
    return figure if len(shown) else note(figure, "no subject has been measured by both")


def _cells(n: int) -> int:
    """An even number of cells per axis, so that the axes are edges, with some eight faces in each."""
    return 2 * int(np.clip(round((n / 8) ** 0.5 / 2), 2, 10))


def _gain_bar(reach: float, names: tuple[str, str]) -> dict[str, object]:
    """Colour bar above the plane; its ends name the run that is nearer."""
    return {
        "orientation": "h",
        "x": 0.5,
        "y": 1.02,
        "yanchor": "bottom",
        "len": 0.8,
        "thickness": 12,
        "outlinewidth": 0,
        "tickfont": {"color": MUTED},
        "tickvals": [-reach, 0, reach],
        "ticktext": [
            f"{_short(names[1])}<br>nearer by {reach:.2f}",
            "equal",
            f"{_short(names[0])}<br>nearer by {reach:.2f}",
        ],
    }


def _short(name: str, length: int = 16) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
