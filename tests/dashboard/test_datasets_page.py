"""The page of data sets: findings as pictures, accepting, making again, faces by region."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from avce.options import PrepareOptions
from dashboard import charts
from dashboard.components.dataset_faces import REACH, region_of
from dashboard.components.dataset_mend import changes
from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed
from workers import client


@pytest.fixture(scope="module")
def seeded(home: Path) -> Iterator[Seeded]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("workers.dispatch.send", lambda *_: None)
        yield seed(home)


def opened(seeded: Seeded, number: int):
    app = open_page("datasets", dataset=seeded.dataset_id)
    app.session_state[f"dataset.finding.{seeded.dataset_id}.{number}"] = True
    return checked(app.run())


def test_a_finding_that_is_opened_shows_its_pictures_with_label_subject_and_split(seeded: Seeded) -> None:
    assert "3.png" not in texts(open_page("datasets", dataset=seeded.dataset_id))
    words = texts(opened(seeded, 0))
    sample = next(row for row in client.dataset_samples(seeded.dataset_id, limit=600) if row.row == 3)
    assert "3.png" in words
    assert f"S03 · {sample.split}" in words


def test_what_a_finding_names_is_left_out_in_a_new_data_set_and_the_old_stays(seeded: Seeded) -> None:
    app = opened(seeded, 0)
    before = client.get_dataset(seeded.dataset_id)
    checked(app.button(key=f"dataset.leave_out.{seeded.dataset_id}.0").click().run())
    assert app.text_area(key=f"datasets.mend.{seeded.dataset_id}.exclude").value == "3.png\n7.png"
    assert "2 names left out" in texts(app)
    checked(app.button(key=f"datasets.mend.{seeded.dataset_id}.make").click().run())
    newest = client.list_datasets()[0]
    assert (newest.name, newest.made_from) == ("Seeded faces, mended", seeded.dataset_id)
    assert newest.options["exclude"] == ["3.png", "7.png"]
    assert client.get_dataset(seeded.dataset_id) == before


def test_without_a_change_nothing_is_made(seeded: Seeded) -> None:
    app = open_page("datasets", dataset=seeded.dataset_id)
    assert app.button(key=f"datasets.mend.{seeded.dataset_id}.make").disabled
    checked(app.selectbox(key=f"datasets.mend.{seeded.dataset_id}.splits").set_value("ours").run())
    assert not app.button(key=f"datasets.mend.{seeded.dataset_id}.make").disabled
    assert "splits ours (before: owners)" in texts(app)


def test_accepting_is_noted_with_the_findings(seeded: Seeded) -> None:
    app = open_page("datasets", dataset=seeded.dataset_id)
    checked(app.button(key="dataset.accept").click().run())
    assert client.get_dataset(seeded.dataset_id).accepted["findings"][0] == "3 pictures without a face"
    assert "2 findings were read and accepted" in texts(app)
    assert not [button for button in app.button if button.key == "dataset.accept"]


def test_changes_are_said_in_words() -> None:
    old = PrepareOptions().model_dump(mode="json")
    new = PrepareOptions(label_scale="1..9", exclude=("a.jpg",), weak_labels={"joy": (0.5, 0.5)}).model_dump()
    assert changes(old, new) == [
        "label scale 1..9 (before: auto)",
        "another table of weak labels",
        "1 names left out (before: 0)",
    ]
    assert changes({}, old) == []


def test_a_click_means_what_lies_near_and_a_box_what_lies_in_it() -> None:
    click = SimpleNamespace(points=[{"x": 0.5, "y": -0.25}], box=[])
    assert region_of(click) == pytest.approx((0.5 - REACH, 0.5 + REACH, -0.25 - REACH, -0.25 + REACH))
    box = SimpleNamespace(points=click.points, box=[{"x": [0.4, 0.1], "y": [-0.2, 0.3]}])
    assert region_of(box) == (0.1, 0.4, -0.2, 0.3)
    assert region_of(SimpleNamespace(points=[], box=[])) is None
    assert region_of(None) is None


def test_every_cell_with_labels_can_be_clicked() -> None:
    points = pd.DataFrame({"valence": [0.5, 0.5, -0.9], "arousal": [0.1, 0.1, 0.8]})
    marks = charts.label_density(points, can_choose=True).data[1]
    assert sorted(marks.customdata) == [1, 2]
    assert min(abs(x - 0.5) for x in marks.x) <= 0.026


def test_faces_of_a_region_have_labels_in_it(seeded: Seeded) -> None:
    region = (0.0, 0.3, -0.2, 0.1)
    found = client.dataset_samples(seeded.dataset_id, region=region, split="train", limit=50)
    assert found
    assert all(0 <= face.valence <= 0.3 and -0.2 <= face.arousal <= 0.1 for face in found)
    assert {face.split for face in found} == {"train"}
    assert client.dataset_samples(seeded.dataset_id, region=(0.99, 1.0, 0.99, 1.0)) == []


def test_a_failed_import_can_be_made_again_with_the_bad_row_left_out(seeded: Seeded) -> None:
    from sqlalchemy import update

    from workers.states import JobState
    from workers.store.session import writing
    from workers.store.tables import Job

    job = client.remake_dataset(seeded.dataset_id, "odd", PrepareOptions(seed=3))
    with writing() as session:
        failed = {"state": JobState.FAILED, "error": "set.zip: labels.csv, row 7: expected a number, got 'x'"}
        session.execute(update(Job).where(Job.id == job.id).values(**failed))
    app = open_page("datasets", dataset=job.dataset_id)
    assert app.text_area(key=f"datasets.mend.{job.dataset_id}.exclude").value == "labels.csv, row 7"
    checked(app.button(key=f"datasets.mend.{job.dataset_id}.make").click().run())
    assert client.list_datasets()[0].options["exclude"] == ["labels.csv, row 7"]
