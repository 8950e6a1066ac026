"""Closer looks at what is compared, one at a time: only the one in sight is computed and drawn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.all_runs import all_runs
from dashboard.components.comparison import option_differences
from dashboard.components.curves import curves_view
from dashboard.components.duel import duel_view
from dashboard.components.scatter import scatter_of
from workers.records import EvaluationRecord, RunRecord

LOOKS = {
    "duel": "Duel",
    "curves": "Curves",
    "options": "What differs",
    "scatter": "Label against prediction",
    "runs": "All runs",
}


@st.fragment
def closer_look(
    done: Sequence[EvaluationRecord], chosen: Sequence[EvaluationRecord], runs: dict[str, RunRecord]
) -> None:
    """Choose a look; ``?look=`` in the address opens one.

    Args:
        done: All evaluations, without figures.
        chosen: The compared ones.
        runs: The compared ones' runs, by id.
    """
    st.header("Look closer", anchor=False)
    if "compare.look" not in st.session_state:
        asked = st.query_params.get("look")
        st.session_state["compare.look"] = asked if asked in LOOKS else next(iter(LOOKS))
    look = st.segmented_control(
        "Look closer", list(LOOKS), key="compare.look", required=True, format_func=LOOKS.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    st.query_params["look"] = look or ""
    if look == "duel":
        ids = {item.id for item in chosen}
        duel_view([*chosen, *(item for item in done if item.id not in ids)])
    elif look == "runs":
        all_runs(list(runs))
    elif not chosen:
        st.caption("Choose at least one evaluation above.")
    elif look == "curves":
        curves_view(list(runs.values()))
    elif look == "options":
        option_differences(list(chosen), runs)
    else:
        scatter_of(chosen)
