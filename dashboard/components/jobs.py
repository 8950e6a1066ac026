"""How a job looks: one card, on the jobs page and wherever a page started one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import streamlit as st

from avce.progress import span
from dashboard.components.guard import act, need, show_refusal
from dashboard.navigation import link
from dashboard.words import KINDS, STATES
from workers import client
from workers.records import JobRecord
from workers.states import PAUSABLE, JobKind, JobState

LOG_LINES = 200


def is_live(job: JobRecord) -> bool:
    """Whether the job may still change."""
    return not job.state.is_final


def ago(moment: datetime) -> str:
    """How long ago, in one or two units."""
    return f"{span((datetime.now(UTC) - moment).total_seconds())} ago"


def _facts(job: JobRecord) -> str:
    by = f" · started by {job.started_by}" if job.started_by else ""
    return _when(job) + by


def _when(job: JobRecord) -> str:
    if job.state is JobState.PAUSED:
        return "keeps its place until it is resumed"
    if job.state is JobState.QUEUED:
        place = f"place {job.queue_position} in its queue" if job.queue_position else "in its queue"
        return place + (", after another job" if job.after_job_id else "")
    if job.state is JobState.RUNNING:
        return (
            f"{job.worker or 'a worker'} · {span(job.eta_s)} left"
            if job.eta_s is not None
            else job.worker or ""
        )
    took = ""
    if job.started_at and job.finished_at:
        took = f"took {span((job.finished_at - job.started_at).total_seconds())} · "
    return took + ago(job.finished_at or job.created_at)


def _result_link(job: JobRecord) -> None:
    """Where to see what came of it; a training can be watched before it is done."""
    is_training = job.kind is JobKind.TRAIN and job.state is not JobState.QUEUED
    if job.state is not JobState.SUCCEEDED and not is_training:
        return
    if job.kind in {JobKind.IMPORT, JobKind.SYNTH} and job.dataset_id:
        link("datasets", "Open data set", icon=":material/arrow_forward:", query={"dataset": job.dataset_id})
    elif job.kind is JobKind.TRAIN and job.run_id:
        link("runs", "Open run", icon=":material/arrow_forward:", query={"run": job.run_id})
    elif job.kind is JobKind.EVALUATE and job.evaluation_id:
        link(
            "compare",
            "Open figures",
            icon=":material/arrow_forward:",
            query={"evaluations": job.evaluation_id},
        )
    elif job.kind is JobKind.ANALYZE and job.analysis_id:
        link("video", "Open analysis", icon=":material/arrow_forward:", query={"analysis": job.analysis_id})
    elif job.kind is JobKind.MAPS and job.analysis_id:
        link("maps", "Open maps", icon=":material/arrow_forward:", query={"analysis": job.analysis_id})
    elif job.kind in {JobKind.POSTER, JobKind.OVERLAY} and job.analysis_id:
        name = "Open figure" if job.kind is JobKind.POSTER else "Open video"
        link("video", name, icon=":material/arrow_forward:", query={"analysis": job.analysis_id})
    elif job.kind is JobKind.INSPECT:
        link(
            "inspector",
            "Open inspection",
            icon=":material/arrow_forward:",
            query={"inspection": str(job.options.get("inspection_id"))},
        )


def _priority(job: JobRecord, *, prefix: str) -> None:
    def change() -> None:
        wanted = int(st.session_state[f"{prefix}.priority.{job.id}"])
        act(job.id, client.set_priority, wanted)

    st.selectbox(
        "Priority",
        range(10),
        index=job.priority,
        key=f"{prefix}.priority.{job.id}",
        format_func=lambda number: f"priority {number}",
        on_change=change,
        label_visibility="collapsed",
        width=130,
    )


def _hold(job: JobRecord, *, prefix: str) -> None:
    """Pause, or let go on."""
    if job.state is JobState.PAUSED or job.pause_requested:
        st.button(
            "Resume",
            key=f"{prefix}.resume.{job.id}",
            icon=":material/play_circle:",
            on_click=act,
            args=(job.id, client.resume_job),
            help="It goes on from its last checkpoint, at its old place in the queue.",
        )
    elif job.state is JobState.QUEUED or job.kind in PAUSABLE:
        st.button(
            "Pause",
            key=f"{prefix}.pause.{job.id}",
            icon=":material/pause_circle:",
            on_click=act,
            args=(job.id, client.pause_job),
            help="The job stops at the next batch or frame and can be resumed, also after a restart.",
        )


def _actions(job: JobRecord, *, prefix: str) -> None:
    if job.kind is JobKind.TRAIN and job.run_id and job.state is not JobState.RUNNING:
        link("train", "Clone", icon=":material/content_copy:", query={"like": job.run_id})
    if is_live(job):
        _hold(job, prefix=prefix)
        st.button(
            "Stopping…" if job.cancel_requested else "Cancel",
            key=f"{prefix}.cancel.{job.id}",
            icon=":material/stop_circle:",
            disabled=job.cancel_requested,
            on_click=act,
            args=(job.id, client.cancel_job),
            help="The job stops at the next batch or frame; what it has stored stays.",
        )
    elif job.state is not JobState.SUCCEEDED:
        st.button(
            "Retry",
            key=f"{prefix}.retry.{job.id}",
            icon=":material/replay:",
            on_click=act,
            args=(job.id, client.retry_job),
            help="Training goes on from its last checkpoint.",
        )


def job_log(job: JobRecord) -> None:
    """The last lines of the job's log."""
    lines = need(client.job_log, job.id)[-LOG_LINES:]
    if not lines:
        st.caption("No log yet.")
        return
    text = "\n".join(f"{line.at.astimezone():%H:%M:%S}  {line.text}" for line in lines)
    st.html(
        f'<div class="avce-log" tabindex="0" aria-label="Log of {escape(job.title)}">{escape(text)}</div>'
    )


def job_card(job: JobRecord, *, prefix: str, with_log: bool = True, with_link: bool = True) -> None:
    """One job: what, how far, how long, what went wrong, what can be done. Call it inside a fragment."""
    icon = KINDS[job.kind][1]
    word, colour = STATES[job.state]
    wants_log = False
    with st.container(border=True, key=f"{prefix}-job-{job.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{icon} **{job.title}**", width="content")
            st.badge(word, color=colour)  # type: ignore[arg-type]
            if job.attempts > 1:
                st.badge(
                    f"attempt {job.attempts}", color="gray", help="A worker was lost, or the job was retried."
                )
            st.caption(_facts(job), width="content")
            st.space("stretch")
            # together, so that in a narrow window all of them go to the next line
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                if with_log and job.state in {JobState.QUEUED, JobState.PAUSED}:
                    _priority(job, prefix=prefix)
                if with_log:
                    wants_log = st.toggle("Log", key=f"{prefix}.log.{job.id}")
                if with_link:
                    _result_link(job)
                _actions(job, prefix=prefix)
        bar = st.empty()  # its place stays, so that what stands below does not flicker when it goes
        if job.state is JobState.RUNNING or (job.state is JobState.PAUSED and job.progress):
            stage = " · ".join(part for part in (job.stage, job.message) if part) or "starting"
            bar.progress(min(1.0, max(0.0, job.progress)), text=f"{stage} — {job.progress:.0%}")
        show_refusal(job.id, otherwise=job.error)
        if wants_log:
            job_log(job)


def job_follow(job_id: str | None, *, prefix: str, with_link: bool = False) -> None:
    """Follow a job that this page started; the page is drawn anew when it ends."""
    if job_id is None:
        return

    def card(jobs: list[JobRecord]) -> None:
        for job in jobs:
            job_card(job, prefix=prefix, with_link=with_link)

    followed([job_id], card)


def followed(job_ids: list[str], draw: Callable[[list[JobRecord]], None], *, every_s: float = 1.0) -> None:
    """Draw jobs, and what comes of them, anew every few seconds while one of them lives; the page when that changes.

    So a page does not go on asking after all have ended, and begins again when one is retried.
    """

    def now() -> list[JobRecord]:
        return [need(client.get_job, job_id) for job_id in job_ids]

    def follow() -> None:
        jobs = now()
        draw(jobs)
        if any(map(is_live, jobs)) != was_live:
            st.rerun()

    was_live = any(map(is_live, now()))
    st.fragment(follow, run_every=every_s if was_live else None)()
