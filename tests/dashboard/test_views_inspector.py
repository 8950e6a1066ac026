"""The inspector page."""

from __future__ import annotations

import pytest

from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, inspected, seed_inspection
from workers import client
from workers.states import JobKind


@pytest.fixture(scope="module")
def inspection(seeded: Seeded) -> str:
    return seed_inspection(seeded)


def test_the_starter_model_and_avce_runs_come_first_and_only_models_with_z_are_offered(
    seeded: Seeded,
) -> None:
    app = open_page("inspector")
    assert app.selectbox(key="inspector.run").value == client.list_models()[0].id
    names = [option.split(" — ")[0] for option in app.selectbox(key="inspector.run").options]
    assert names == ["starter", "Seeded avce", "Seeded supervised"]


def test_a_click_below_a_sample_queues_its_inspection(seeded: Seeded) -> None:
    app = open_page("inspector", run=seeded.run_ids[1], dataset=seeded.dataset_id)
    button = next(item for item in app.button if str(item.key).startswith("inspector.sample."))
    checked(button.click().run())
    (job,) = client.list_jobs(kinds=[JobKind.INSPECT], limit=1)
    found = client.get_inspection(str(job.options["inspection_id"]))
    assert (found.run_id, f"inspector.sample.{found.row}") == (seeded.run_ids[1], button.key)
    assert f"Inspect sample {found.row} of Seeded faces" in texts(app)


def test_a_finished_inspection_shows_its_numbers_and_solvers(seeded: Seeded, inspection: str) -> None:
    app = open_page("inspector", inspection=inspection)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Prediction x"] == "0.40 / 0.30"
    assert figures["Support"] == "2 of 8"
    assert figures["f(x, y_a)"] == "0.900"
    words = texts(app)
    assert "22×" in words
    assert "2.0e−07" in words
    assert all(metric.help for metric in app.metric)


def test_the_solver_time_of_a_run_is_told_before_one_is_queued(seeded: Seeded, inspection: str) -> None:
    words = texts(open_page("inspector", inspection=inspection))
    found = client.solver_cost(seeded.run_ids[1], 0.022)  # both views by ECOS, as the seeded table has them
    assert found is not None
    assert f"over {found[1]:,} faces of “Seeded faces”" in words
    assert f"ECOS **{found[0]:.0f} s**" in words
    assert "closed form **under 1 s**" in words


def test_the_slider_shows_the_same_face_at_another_epoch(seeded: Seeded) -> None:
    moments = [inspected() | {"epoch": epoch, "x": [epoch / 100, -0.2]} for epoch in (5, 10)]
    item = seed_inspection(seeded, training=moments)
    app = open_page("inspector", inspection=item)
    slider = app.select_slider(key=f"inspection.epoch.{item}")
    assert slider.options == ["5", "10", "best"]

    def prediction() -> str:
        return {metric.label: metric.value for metric in app.metric}["Prediction x"]

    assert prediction() == "0.40 / 0.30"
    checked(slider.set_value("10").run())
    assert prediction() == "0.10 / −0.20"


def test_a_run_without_judgements_shows_what_it_has(seeded: Seeded) -> None:
    missing = dict.fromkeys(
        ("y_a", "y_n", "f_a", "f_n", "theta_a_deg", "theta_n_deg", "objective", "push", "hold")
    )
    app = open_page("inspector", inspection=seed_inspection(seeded, **missing, label=None))
    assert {metric.label: metric.value for metric in app.metric} == {
        "Prediction x": "0.40 / 0.30", "Label": "–", "Support": "2 of 8",
    }  # fmt: skip


def test_what_was_queued_here_is_opened_once_it_is_there(seeded: Seeded, inspection: str) -> None:
    later = seed_inspection(seeded)
    app = open_page("inspector", inspection=inspection)
    app.session_state["inspector.new"] = later
    assert checked(app.run()).selectbox(key="inspector.chosen").value == later


def test_a_missing_picture_is_said_in_words(
    seeded: Seeded, inspection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> bytes:
        raise client.ClientError("the file store does not answer")

    monkeypatch.setattr(client, "inspection_jpeg", away)
    app = open_page("inspector", inspection=inspection)
    assert any("the file store does not answer" in error.value for error in app.error)
