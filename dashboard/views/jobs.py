"""Everything that runs, waits or has run, and the workers that do it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.groups import group_list
from dashboard.components.guard import need
from dashboard.components.jobs import job_card
from dashboard.components.person import name_field
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.navigation import link
from dashboard.words import KINDS
from workers import client
from workers.records import JobRecord
from workers.states import JobKind, JobState

PER_PAGE = 15
FILTERS: dict[str, list[JobState] | None] = {
    "All": None,
    "Active": [JobState.QUEUED, JobState.RUNNING, JobState.PAUSED],
    "Paused": [JobState.PAUSED],
    "Done": [JobState.SUCCEEDED],
    "Failed": [JobState.FAILED],
    "Cancelled": [JobState.CANCELLED],
}


def _chosen(states: list[JobState] | None, kinds: list[JobKind], search: str, page: int) -> list[JobRecord]:
    return need(
        client.list_jobs,
        states=states,
        kinds=kinds or None,
        search=search,
        group_id=st.query_params.get("group"),
        limit=PER_PAGE + 1,
        offset=page * PER_PAGE,
    )


@st.fragment(run_every=1.5)
def _job_list() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "State", list(FILTERS), default="All", key="jobs.state", required=True, on_change=_turn, args=(0,)
        )
        kinds = st.multiselect(
            "Kind",
            list(JobKind),
            key="jobs.kinds",
            format_func=lambda kind: KINDS[kind][0],
            placeholder="Every kind",
            on_change=_turn,
            args=(0,),
        )
        search = st.text_input(
            "Search", key="jobs.search", placeholder="title, person, error or id", on_change=_turn, args=(0,)
        )
    if st.query_params.get("group"):
        st.button("All groups", key="jobs.ungroup", icon=":material/close:", on_click=_ungroup)
    page = int(st.session_state.get("jobs.page", 0))
    jobs = _chosen(FILTERS[chosen or "All"], kinds, search or "", page)
    if not jobs:
        st.info("No jobs here. Whatever you start on another page shows up in this list and stays in it.")
        if not page:
            return
    for job in jobs[:PER_PAGE]:
        job_card(job, prefix="jobs")
    _pager(page, has_more=len(jobs) > PER_PAGE)


def _ungroup() -> None:
    del st.query_params["group"]
    _turn(0)


def _turn(page: int) -> None:
    st.session_state["jobs.page"] = page


def _pager(page: int, *, has_more: bool) -> None:
    if not page and not has_more:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.button(
            "Newer",
            key="jobs.newer",
            disabled=page == 0,
            on_click=_turn,
            args=(page - 1,),
            icon=":material/chevron_left:",
        )
        st.caption(f"page {page + 1}")
        st.button(
            "Older",
            key="jobs.older",
            disabled=not has_more,
            on_click=_turn,
            args=(page + 1,),
            icon=":material/chevron_right:",
        )


@st.fragment(run_every=3.0)
def _workers() -> None:
    workers = need(client.workers_status)
    if not any(worker.alive for worker in workers):
        st.warning(
            "No worker is alive, so jobs wait. `make run` starts one per queue; see its output for the reason.",
            icon=":material/warning:",
        )
    if not workers:
        return
    titles = {job.id: job.title for job in need(client.list_jobs, states=[JobState.RUNNING])}
    rows = [
        Row(
            [
                Cell(worker.name, dot="#2E8B57" if worker.alive else "#B4622D"),
                Cell("alive" if worker.alive else "silent", is_words=True),
                Cell(", ".join(worker.queues), is_words=True),
                Cell(titles.get(worker.current_job_id or "", "–"), is_words=True),
            ],
            is_quiet=not worker.alive,
        )
        for worker in workers
    ]
    draw_table(
        [
            ("Worker", ""),
            (
                "State",
                "Alive: heard of within the last half minute (the lease). Silent: stopped, or stuck; its job is given to another.",
            ),
            ("Queues", ""),
            ("Works on", ""),
        ],
        rows,
    )


def page() -> None:
    """Jobs."""
    st.title("Jobs", anchor=False)
    name_field()
    group_list()
    _job_list()
    st.header("Workers", anchor=False)
    _workers()
    link("train", "Queue a training", icon=":material/add:")
