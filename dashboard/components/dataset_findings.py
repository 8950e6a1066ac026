"""The doctor's findings: what, why it matters, and the pictures."""

from __future__ import annotations

import streamlit as st

from dashboard.components.dataset_mend import accept_button, leave_out
from dashboard.components.guard import need
from dashboard.words import number
from workers import client
from workers.records import DatasetRecord, PlaceRecord

SEVERITY = {
    "error": (":material/error:", "red"),
    "warning": (":material/warning:", "orange"),
    "note": (":material/info:", "blue"),
    "info": (":material/info:", "blue"),
}
PICTURES = 12
PER_ROW = 6
WHOLE = "The whole picture; the face that was cut is framed in yellow, others in blue."


def _picture(shown: PlaceRecord) -> None:
    words = f"V {number(shown.valence, 2)} · A {number(shown.arousal, 2)}"
    who = " · ".join(part for part in (shown.subject, shown.split) if part)
    if shown.jpeg:
        what = "Whole picture" if shown.is_whole else "Face"
        st.image(shown.jpeg, width="stretch", alt=f"{what} of {shown.name}")
    else:
        st.caption(":material/hide_image: no picture is kept")
    st.caption(f"{shown.name}  \n{words}  \n{who}")


def _pictures(dataset: DatasetRecord, place: int) -> None:
    found = need(client.finding_pictures, dataset.id, place, limit=PICTURES)
    if any(shown.is_whole for shown in found):
        st.caption(WHOLE)
    with st.container(key=f"tiles-finding-{place}"):
        for start in range(0, len(found), PER_ROW):
            columns = st.columns(PER_ROW, gap="small")
            for column, shown in zip(columns, found[start : start + PER_ROW], strict=False):
                with column:
                    _picture(shown)


def _finding(dataset: DatasetRecord, place: int, finding: dict[str, object]) -> None:
    icon, colour = SEVERITY.get(str(finding.get("severity")), SEVERITY["info"])
    st.markdown(f":{colour}[{icon}] **{finding.get('title', '')}** — {finding.get('why', '')}")
    given = finding.get("where")
    where = [str(name) for name in given] if isinstance(given, list) else []
    if not where:
        return
    opened = st.expander(
        f"Where ({finding.get('count', len(where)):,})",
        key=f"dataset.finding.{dataset.id}.{place}",
        on_change="rerun",
    )
    if not opened.open:
        return
    with opened:
        _pictures(dataset, place)
        st.code("\n".join(where), language=None)
        if names := need(client.finding_names, dataset.id, place):
            st.button(
                "Leave these out",
                key=f"dataset.leave_out.{dataset.id}.{place}",
                icon=":material/playlist_remove:",
                on_click=leave_out,
                args=(dataset, names),
                help="Adds the places listed here to the rows to leave out in the form below. Of copies the first stays. "
                "Nothing happens until a new data set is made there.",
            )


def findings(dataset: DatasetRecord) -> None:
    """All findings, errors first; pictures are read when a finding is opened."""
    listed = dataset.card.get("findings", [])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header("Findings", anchor=False)
        st.space("stretch")
        accept_button(dataset)
    if not listed:
        st.success("Nothing that would spoil results was found.", icon=":material/check_circle:")
    for place, finding in enumerate(listed):
        _finding(dataset, place, finding)
