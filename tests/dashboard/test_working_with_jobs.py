"""Jobs, groups and sweeps on the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

from avce.options import train_options
from dashboard.components import jobs
from dashboard.components.groups import mean_sd
from dashboard.components.sweep_form import read_values
from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed
from workers import client
from workers.records import GroupRecord
from workers.settings import get_settings
from workers.states import JobState


@pytest.fixture(scope="module")
def seeded(home: Path) -> Seeded:
    return seed(home)


@pytest.fixture(scope="module")
def group(seeded: Seeded) -> GroupRecord:
    return client.train_sweep(
        seeded.dataset_id, train_options(preset="smoke"), {"seed": [1, 2]}, name="Two seeds"
    )


def test_a_waiting_job_is_paused_put_first_and_resumed(seeded: Seeded, group: GroupRecord) -> None:
    job_id = str(client.group_runs(group.id)[0].job_id)
    app = open_page("jobs", group=group.id)
    checked(app.button(key=f"jobs.pause.{job_id}").click().run())
    assert "keeps its place until it is resumed" in texts(app)
    checked(app.selectbox(key=f"jobs.priority.{job_id}").set_value(7).run())
    assert (client.get_job(job_id).state, client.get_job(job_id).priority) == (JobState.PAUSED, 7)
    checked(app.button(key=f"jobs.resume.{job_id}").click().run())
    assert client.get_job(job_id).state is JobState.QUEUED


def test_the_search_finds_jobs_by_words_of_their_title(seeded: Seeded, group: GroupRecord) -> None:
    app = open_page("jobs")
    checked(app.text_input(key="jobs.search").set_value("broken").run())
    assert "Import broken.zip" in texts(app)
    assert "Train Seeded avce" not in texts(app)


def test_the_name_that_was_given_goes_with_the_jobs_of_this_session(seeded: Seeded) -> None:
    app = open_page("jobs")
    checked(app.text_input(key="person.name").set_value("Ada").run())
    app = open_page("train")
    app.session_state["person.name"] = "Ada"
    checked(app.selectbox(key="train.preset").set_value("smoke").run())
    checked(app.button(key="train.start").click().run())
    assert client.list_jobs(limit=1)[0].started_by == "Ada"


def test_the_name_that_a_proxy_says_goes_before_what_was_typed(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"X-Forwarded-User": "Grace%20Hopper"}
    monkeypatch.setattr(type(st.context), "headers", property(lambda _: headers))
    assert "Grace Hopper" not in texts(open_page("jobs"))  # a header that no setting names says nothing
    monkeypatch.setenv("AVCE_NAME_HEADER", "X-Forwarded-User")
    get_settings.cache_clear()
    app = open_page("jobs")
    assert "Jobs that you start carry the name **Grace Hopper**." in texts(app)
    assert not [field for field in app.text_input if field.key == "person.name"]
    app = open_page("train")
    checked(app.selectbox(key="train.preset").set_value("smoke").run())
    checked(app.button(key="train.start").click().run())
    assert client.list_jobs(limit=1)[0].started_by == "Grace Hopper"
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_clone_is_filled_with_the_options_of_its_run(seeded: Seeded, group: GroupRecord) -> None:
    run = client.group_runs(group.id)[0]
    app = open_page("train", like=run.id)
    assert f"Filled with the options of “{run.name}”" in texts(app)
    prefix = f"train.like.{run.id}"
    assert app.selectbox(key=f"{prefix}.backbone").value == "tiny"
    assert app.number_input(key=f"{prefix}.seed").value == run.options["seed"]


def test_a_sweep_says_how_many_runs_it_makes_and_what_cannot_be(seeded: Seeded) -> None:
    app = open_page("train")
    checked(app.multiselect(key="train.sweep").set_value(["seed"]).run())
    assert app.button(key="train.start").label == "Queue 3 trainings"
    checked(app.text_input(key="train.sweep.seed").set_value("1, 1").run())
    assert app.button(key="train.start").disabled
    assert "different values" in texts(app)


def test_all_of_a_group_end_with_one_button_on_the_page_runs_too(seeded: Seeded, group: GroupRecord) -> None:
    app = open_page("runs", group=group.id)
    assert "Two seeds" in texts(app)
    checked(app.button(key=f"group.cancel.{group.id}").click().run())
    assert client.get_group(group.id).states == {JobState.CANCELLED: 2}


def test_a_group_that_is_not_there_is_said_and_nothing_breaks(seeded: Seeded) -> None:
    assert "group 'nosuch' does not exist" in texts(open_page("jobs", group="nosuch"))


def test_values_are_numbers_switches_or_words() -> None:
    assert read_values("1, 2.5; 1e-3, true, none,,") == [1, 2.5, 1e-3, True, "none"]


def test_a_deviation_needs_two_values() -> None:
    assert mean_sd([0.5, 0.6]) == "0.550 ± 0.071 (n 2)"
    assert mean_sd([0.5]) == "0.500 (n 1)"
    assert mean_sd([]) == "–"


def test_pages_ask_for_jobs_again_only_while_one_of_them_lives(
    seeded: Seeded, group: GroupRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    intervals: list[float | None] = []

    def noted(function=None, *, run_every=None):
        if function is None:  # the other fragments of the page, as decorators
            return lambda function: function
        intervals.append(run_every)
        return function

    run = client.group_runs(group.id)[1]
    job_id = str(run.job_id)
    if client.get_job(job_id).state.is_final:  # after the tests above
        client.retry_job(job_id)
    monkeypatch.setattr(st, "fragment", noted)
    open_page("runs", run=run.id)
    open_page("demo", jobs=job_id)
    assert intervals == [2.0, 1.5]
    client.cancel_job(job_id)
    intervals.clear()
    app = open_page("runs", run=run.id)
    demo = open_page("demo", jobs=job_id)
    assert intervals == [None, None]
    assert "1 of 1 steps finished" in [bar.proto.text for bar in demo.get("progress")]
    intervals.clear()
    checked(app.button(key=f"run.retry.{job_id}").click().run())
    assert intervals[-1] == 2.0
    client.cancel_job(job_id)


def test_a_page_is_drawn_anew_when_the_jobs_it_follows_begin_or_end(
    seeded: Seeded, group: GroupRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DrawnAnewError(Exception):
        """The page asked to be drawn anew."""

    def anew() -> None:
        raise DrawnAnewError

    kept = []
    monkeypatch.setattr(st, "fragment", lambda function, *, run_every: lambda: kept.append(function))
    monkeypatch.setattr(st, "rerun", anew)
    job_id = str(client.group_runs(group.id)[1].job_id)
    client.retry_job(job_id)
    jobs.followed([job_id], lambda drawn: None)
    kept[0]()  # still lives: nothing changed
    client.cancel_job(job_id)
    with pytest.raises(DrawnAnewError):
        kept[0]()
    jobs.followed([job_id], lambda drawn: None)
    kept[1]()
    client.retry_job(job_id)
    with pytest.raises(DrawnAnewError):
        kept[1]()
