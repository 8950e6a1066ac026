"""One face looked into: z and its two views as bars; prediction and judgements on the plane, with pull and push."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.circumplex import framed
from dashboard.charts.theme import INK, MUTED, PLAYHEAD, colour_of, note, styled

NARROW_RAD = 0.45
"""An angle below this has no room for its words, which then stand beyond it."""

TINY = 1e-6
"""A point nearer to the origin has no direction."""

FORCES = {"y_a": "pull", "y_n": "push"}
RADII = {"pull": (0.80, 0.92), "push": (0.60, 0.47)}
"""Where the angle to each judgement is drawn, and where its words stand."""


def colours(*, dark: bool = False) -> dict[str, str]:
    """The poster's: attentive view and pull blue, inattentive view and push red, z and x in ink, label grey."""
    blue, ink = colour_of("avce", dark=dark), INK[int(dark)]
    return {"z": ink, "x": ink, "y_a": blue, "y_n": PLAYHEAD, "label": colour_of("label", dark=dark)}


def view_bars(
    found: Mapping[str, Any], *, is_sorted: bool = True, dark: bool = False, height: int = 430
) -> go.Figure:
    """z, Sp(z) and Sm(z) below each other, component by component; both views share one scale.

    Args:
        found: Result of an inspection.
        is_sorted: Largest component of z first, so that the support of a sparse view stands together.
        dark: Whether the page is dark.
        height: In pixels.
    """
    z = np.asarray(found.get("z") or [], np.float64)
    order = np.argsort(-z, kind="stable") if is_sorted else np.arange(len(z))
    palette = colours(dark=dark)
    parts = [("z", z, palette["z"], "feature z")]
    for part, colour in (("attentive", palette["y_a"]), ("inattentive", palette["y_n"])):
        view = found.get(part) or {}
        values = np.asarray(view.get("values") or [], np.float64)
        words = f"{part} view ({view.get('view', '')}): {view.get('support', 0)} of {len(values)} above 0"
        parts.append((part, values, colour, words))
    figure = make_subplots(
        rows=3,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.11,
        subplot_titles=[words for *_, words in parts],
    )
    for row, (name, values, colour, _) in enumerate(parts, start=1):
        figure.add_trace(
            go.Bar(
                x=np.arange(len(values)), y=values[order] if len(values) else values, marker_color=colour, name=name,
                customdata=order, hovertemplate="component %{customdata}: %{y:.4f}<extra>" + name + "</extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    styled(figure, height=height, legend=False)
    figure.update_layout(margin_t=34)
    figure.update_annotations(font={"size": 13, "color": INK[int(dark)]}, x=0, xanchor="left")
    top = max([float(values.max()) for _, values, *_ in parts[1:] if len(values)], default=1.0)
    for row in (2, 3):
        figure.update_yaxes(range=[0, 1.06 * top], row=row, col=1)
    rank = "component, largest of z first" if is_sorted else "component"
    figure.update_xaxes(title_text=rank, row=3, col=1)
    return figure if len(z) else note(figure, "no feature to show")


def pull_and_push(
    found: Mapping[str, Any],
    *,
    label: Sequence[float] | None = None,
    trail: Sequence[Sequence[float]] = (),
    dark: bool = False,
    height: int = 460,
) -> go.Figure:
    """x, y_a and y_n on the plane. The contrast turns x towards y_a (pull) and away from y_n (push).

    Only directions count for it, so each point has its ray, and the angles are drawn as arcs.

    Args:
        found: Result of an inspection; judgements may be missing.
        label: Valence and arousal of the label, where known.
        trail: x at earlier epochs, in order, drawn as a thin path.
        dark: Whether the page is dark.
        height: In pixels.
    """
    palette = colours(dark=dark)
    figure = go.Figure()
    if trail:
        figure.add_scatter(
            x=[point[0] for point in trail], y=[point[1] for point in trail], mode="lines+markers", name="x over epochs",
            line={"color": MUTED, "width": 1}, marker={"color": MUTED, "size": 3}, hoverinfo="skip",
        )  # fmt: skip
    words = {"x": "x = R(z), prediction", "y_a": "y_a = H(Sp z)", "y_n": "y_n = H(Sm z)", "label": "label"}
    for name, point in {**{key: found.get(key) for key in ("x", "y_a", "y_n")}, "label": label}.items():
        if point is None or None in point:
            continue
        _ray(figure, point, palette[name], is_dashed=name == "label")
        figure.add_scatter(
            x=[point[0]], y=[point[1]], mode="markers", name=words[name],
            marker={"size": 12, "color": palette[name], "symbol": "diamond" if name == "label" else "circle"},
            hovertemplate="valence %{x:.3f}<br>arousal %{y:.3f}<extra>" + words[name] + "</extra>",
        )  # fmt: skip
    for name, force in FORCES.items():
        if found.get("x") and found.get(name):
            _arc(figure, found["x"], found[name], force, palette[name])
    framed(figure, height=height, legend=True)
    return figure if found.get("x") else note(figure, "no prediction to show")


def _ray(figure: go.Figure, point: Sequence[float], colour: str, *, is_dashed: bool) -> None:
    """From the origin through the point to the circle."""
    length = math.hypot(*point)
    if length < TINY:
        return
    reach = max(1.0, length) / length
    figure.add_shape(
        type="line", x0=0, y0=0, x1=point[0] * reach, y1=point[1] * reach, layer="below", opacity=0.55,
        line={"color": colour, "width": 1.2, "dash": "dot" if is_dashed else "solid"},
    )  # fmt: skip


def _arc(figure: go.Figure, x: Sequence[float], y: Sequence[float], force: str, colour: str) -> None:
    """The angle between two rays; its arrow points to y for a pull, and to x, away from y, for a push."""
    if math.hypot(*x) < TINY or math.hypot(*y) < TINY:
        return
    radius, of_words = RADII[force]
    begin, end = math.atan2(x[1], x[0]), math.atan2(y[1], y[0])
    turn = (end - begin + math.pi) % (2 * math.pi) - math.pi
    angles = begin + turn * np.linspace(0, 1, 41)
    xs, ys = radius * np.cos(angles), radius * np.sin(angles)
    if force == "push":
        xs, ys = xs[::-1], ys[::-1]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", line={"color": colour, "width": 2.4}, showlegend=False, name=force,
        hovertemplate=f"{force}: {abs(math.degrees(turn)):.1f}°<extra></extra>",
    )  # fmt: skip
    step = max(math.hypot(xs[-1] - xs[-2], ys[-1] - ys[-2]), TINY)
    figure.add_annotation(
        x=xs[-1], y=ys[-1], ax=xs[-1] - 0.1 * (xs[-1] - xs[-2]) / step, ay=ys[-1] - 0.1 * (ys[-1] - ys[-2]) / step, xref="x", yref="y", axref="x", ayref="y", showarrow=True, text="",
        arrowhead=2, arrowsize=1.3, arrowwidth=2.4, arrowcolor=colour,
    )  # fmt: skip
    at = begin + turn / 2 if abs(turn) > NARROW_RAD else end + math.copysign(NARROW_RAD / 2, turn)
    figure.add_annotation(
        x=of_words * math.cos(at), y=of_words * math.sin(at), showarrow=False,
        text=f"{force} {abs(math.degrees(turn)):.0f}°", font={"color": colour, "size": 13},
    )  # fmt: skip
