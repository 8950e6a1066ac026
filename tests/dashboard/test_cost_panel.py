"""The cost on the train page: rough until measured, then with its origin; over a sweep; and when measuring fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from avce.errors import CostError
from avce.training.cost import Machine
from tests.avce.training.test_cost import measured
from tests.dashboard.pages import AppTest, checked, open_page, texts
from tests.dashboard.seeding import Seeded
from workers import client
from workers.states import JobKind
from workers.store import session, tables
from workers.tasks.figures import measure_cost


@pytest.fixture
def clean(seeded: Seeded) -> Iterator[Seeded]:
    """Without what other tests of this file measured."""
    with session.writing() as opened:
        opened.query(tables.TrainingCost).delete()
    return seeded


def smoke() -> AppTest:
    app = open_page("train")
    return checked(app.selectbox(key="train.preset").set_value("smoke").run())


def pressed(app: AppTest) -> str:
    """Id of the job that the button queued."""
    checked(app.button(key="train.cost.measure").click().run())
    return client.list_jobs(kinds=[JobKind.COST], limit=1)[0].id


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_before_it_is_measured_the_figure_says_that_it_is_rough(clean: Seeded) -> None:
    app = smoke()
    assert figures(app) == {}
    assert "not measured" in texts(app) or "runs like it took" in texts(app)
    assert app.button(key="train.cost.measure").label == "Measure"


def test_a_click_measures_and_the_page_then_shows_where_and_when(
    clean: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avce.training.estimate.measure", lambda *_, **__: measured(batch_size=32))
    app = smoke()
    job_id = pressed(app)
    assert "Cost of avce tiny on Seeded faces" in texts(app)
    assert "train.cost.measure" not in {button.key for button in app.button}  # one at a time
    measure_cost(job_id)
    checked(app.run())
    shown = figures(app)
    assert shown["Step"] == "500 ms"
    assert set(shown) == {"Whole run", "Epoch", "Step", "Solver", "Memory"}
    assert all(metric.help for metric in app.metric)
    words = texts(app)
    assert "on here: cpu, 1 compute thread on 2 cores, 8 steps on the crops" in words
    assert "Other work was going on" not in words
    assert app.button(key="train.cost.measure").label == "Measure again"
    checked(app.number_input(key="train.smoke.preset.epochs").set_value(400).run())
    assert figures(app)["Step"] == "500 ms"  # known without measuring again
    assert figures(app)["Whole run"].endswith("min") or "h" in figures(app)["Whole run"]


def test_a_busy_machine_and_other_hosts_are_told(clean: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(host="lab7", cores=2, threads=2, device="cpu", load=1.9)
    monkeypatch.setattr("avce.training.estimate.measure", lambda *_, **__: measured(machine=machine))
    app = smoke()
    measure_cost(pressed(app))
    with session.writing() as opened:
        opened.add(tables.Worker(name="training@gpu1", queues=["training"], pid=1, seen_at=tables.utc_now()))
    checked(app.run())
    words = texts(app)
    assert "Other work was going on (load 1.9)" in words
    assert "Trainings run elsewhere:" in words
    assert "gpu1" in words
    with session.writing() as opened:
        opened.query(tables.Worker).filter_by(name="training@gpu1").delete()


def test_a_sweep_says_its_time_and_its_workers(clean: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avce.training.estimate.measure", lambda *_, **__: measured())
    app = smoke()
    measure_cost(pressed(app))
    checked(app.multiselect(key="train.sweep").set_value(["seed", "input_size"]).run())
    checked(app.text_input(key="train.sweep.input_size").set_value("64, 96").run())
    words = texts(app)
    assert "The sweep of **6 runs**" in words
    assert "worker" in words
    assert "3 of them have steps of another cost" in words


def test_a_measurement_that_failed_says_why(clean: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise CostError("expected a measurement within 60 s, not one step was done")

    monkeypatch.setattr("avce.training.estimate.measure", broken)
    app = smoke()
    with pytest.raises(CostError):
        measure_cost(pressed(app))
    checked(app.run())
    assert "within 60 s" in texts(app)
    assert app.button(key="train.cost.measure").label == "Measure"
