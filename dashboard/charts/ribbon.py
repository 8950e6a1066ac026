"""The state of every frame as one coloured ribbon under the curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import STATE_COLOURS, STATE_NAMES, note, styled
from dashboard.charts.trajectory import add_playhead

MAX_PIECES = 2000
"""Most pieces of the ribbon; above it, each slice of time shows its worst state."""

_WORST_FIRST = ("cut", "no_face", "lost", "low_quality", "tracked", "detected")


def state_ribbon(table: pd.DataFrame, *, playhead_ms: float | None = None, height: int = 96) -> go.Figure:
    """Stretches of equal state over time; every frame has exactly one.

    Args:
        table: A trajectory with ``frame, pts_ms, state``; where a frame has several rows (tracks, runs), its
            best state counts.
        playhead_ms: Time of the frame in sight.
        height: In pixels.
    """
    pieces = _pieces(table)
    figure = go.Figure()
    for state in STATE_COLOURS:
        part = pieces[pieces["state"] == state]
        if part.empty:
            continue
        figure.add_bar(
            base=part["start_s"], x=part["stop_s"] - part["start_s"], y=["state"] * len(part), orientation="h",
            name=STATE_NAMES[state], marker={"color": STATE_COLOURS[state], "line": {"width": 0}}, width=1,
            customdata=part[["start_s", "stop_s", "frames"]],
            hovertemplate="%{customdata[0]:.2f} to %{customdata[1]:.2f} s, %{customdata[2]} frames<extra>"
            + STATE_NAMES[state] + "</extra>",
        )  # fmt: skip
    styled(figure, height=height)
    figure.update_layout(barmode="overlay", margin={"t": 30, "b": 34}, bargap=0)
    figure.update_xaxes(title_text="time (s)", showgrid=False)
    figure.update_yaxes(visible=False)
    if playhead_ms is not None:
        add_playhead(figure, playhead_ms)
    return figure if len(pieces) else note(figure, "no frames")


def _pieces(table: pd.DataFrame) -> pd.DataFrame:
    """Columns ``state, start_s, stop_s, frames``, in time order, without holes."""
    rank = {state: place for place, state in enumerate(_WORST_FIRST)}
    frames = table[["frame", "pts_ms"]].assign(rank=table["state"].map(lambda s: rank.get(str(s), 0)))
    frames = frames.groupby("frame", sort=True).agg({"pts_ms": "first", "rank": "max"})
    if frames.empty:
        return pd.DataFrame(columns=["state", "start_s", "stop_s", "frames"])
    start_ms, ranks = frames["pts_ms"].to_numpy(np.float64), frames["rank"].to_numpy(int)
    usual = float(np.median(np.diff(start_ms))) if len(frames) > 1 else 40.0
    stop_ms = np.append(start_ms[1:], start_ms[-1] + usual)
    first = np.flatnonzero(np.diff(ranks, prepend=-1))
    if len(first) > MAX_PIECES:
        first = np.unique(np.linspace(0, len(ranks), MAX_PIECES, endpoint=False).astype(int))
        ranks = np.minimum.reduceat(ranks, first).repeat(np.diff(np.append(first, len(ranks))))
    last = np.append(first[1:], len(ranks)) - 1
    return pd.DataFrame(
        {
            "state": [_WORST_FIRST[r] for r in ranks[first]],
            "start_s": start_ms[first] / 1000,
            "stop_s": stop_ms[last] / 1000,
            "frames": last - first + 1,
        }
    )
