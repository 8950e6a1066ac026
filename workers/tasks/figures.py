"""Figures of faces (maps over an analysed video, poster, annotated video, one face looked into), and of what a training costs."""

from __future__ import annotations

from workers.app import task
from workers.states import JobKind
from workers.tasks.border import perform
from workers.tasks.cost import measure_steps
from workers.tasks.inspection import inspect
from workers.tasks.maps import draw
from workers.tasks.overlay import annotate
from workers.tasks.poster import draw_poster_figure


@task(JobKind.INSPECT)
def inspect_face(job_id: str) -> None:
    """Look into one face with one run."""
    perform(job_id, inspect)


@task(JobKind.MAPS)
def draw_maps(job_id: str) -> None:
    """Draw activation maps: a picture and an array for each face, run, axis and head."""
    perform(job_id, draw)


@task(JobKind.POSTER)
def draw_poster(job_id: str) -> None:
    """Draw a poster figure of an analysis."""
    perform(job_id, draw_poster_figure)


@task(JobKind.OVERLAY)
def draw_overlay(job_id: str) -> None:
    """Draw what was found into the video."""
    perform(job_id, annotate)


@task(JobKind.COST)
def measure_cost(job_id: str) -> None:
    """Take a few steps of a training to come."""
    perform(job_id, measure_steps)
