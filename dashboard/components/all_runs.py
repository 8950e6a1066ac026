"""All runs of one data set at a glance: which options went with good figures?"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.comparing import option_table
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.pictures import picture_config
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import METRICS, number
from workers import client

OUTCOME = ("best_epoch", "ccc_valence", "ccc_arousal", "mean_ccc")
AXES_AT_FIRST = 5
BEST = 10


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def all_runs(run_ids: Sequence[str]) -> None:
    """Parallel coordinates over the runs of one data set, and the best of them.

    Args:
        run_ids: Of the compared runs; the data set of the first is shown at first.
    """
    runs = need(client.list_runs)
    names = {run.dataset_id: run.dataset_name for run in runs}
    first = next(
        (run.dataset_id for run in runs if run_ids and run.id == run_ids[0]), next(iter(names), None)
    )
    if first is None:
        st.caption("There is no run yet.")
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    chosen = left.selectbox(
        "Trained on", list(names), index=list(names).index(first), key="compare.all.dataset", format_func=names.__getitem__,
        help="Figures on other data cannot be compared, so one data set is shown at a time.",
    )  # fmt: skip
    table = option_table([run for run in runs if run.dataset_id == chosen])
    options = [str(name) for name in table if name not in {"name", *OUTCOME}]
    axes = right.multiselect(
        "Options", options, default=options[:AXES_AT_FIRST], key=f"compare.all.options.{chosen}",
        help="Only options on which these runs differ.",
    )  # fmt: skip
    st.caption(
        f"{len(table):,} finished runs. Drag along an axis to keep the runs that pass there. Figures are those of each run's"
        " best epoch on **validation**, which chose that epoch, so they flatter; measure on a test split before believing them."
    )
    st.plotly_chart(
        charts.parallel_coordinates(table, [*axes, *OUTCOME], colour="mean_ccc", dark=is_dark()), key="compare.all.chart",
        config=picture_config("runs"), alt=f"Parallel coordinates of {len(table)} runs: options, then validation figures",
    )  # fmt: skip
    best = table.sort_values("mean_ccc", ascending=False).head(BEST)
    rows = [
        Row(
            [
                Cell(str(row["name"]), dot=charts.colour_of(str(row.get("method", "")), dark=is_dark())),
                *(Cell(_short(row[name])) for name in axes),
                *(
                    Cell(number(row[f"ccc_{axis}"]), hover=METRICS["ccc"][1])
                    for axis in ("valence", "arousal")
                ),
            ]
        )
        for _, row in best.iterrows()
    ]
    heads = [
        ("Run", ""),
        *((name, f"Option of training: {name}.") for name in axes),
        ("CCC-V", METRICS["ccc"][1]),
        ("CCC-A", METRICS["ccc"][1]),
    ]
    draw_table(heads, rows, caption=f"The best {len(rows)} by the mean of both, on validation.")
