"""The operator's allowed folders as the other way in, for data sets and videos."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed
from workers import client, settings


@pytest.fixture(scope="module")
def seeded(home: Path) -> Iterator[Seeded]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("workers.dispatch.send", lambda *_: None)
        yield seed(home)


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that the operator allows."""
    monkeypatch.setenv("AVCE_ALLOWED_FOLDERS", f'["{tmp_path / "data"}"]')
    settings.get_settings.cache_clear()
    (tmp_path / "data").mkdir()
    yield tmp_path / "data"
    settings.get_settings.cache_clear()


def video_form():
    app = open_page("video")
    app.session_state["video.add"] = True  # the form is drawn when it is unfolded
    checked(app.run())
    return checked(app.segmented_control(key="video.way").set_value("Folder on the server").run())


def test_a_video_of_the_server_is_chosen_step_by_step_and_is_then_there_to_analyse(
    seeded: Seeded, allowed: Path
) -> None:
    (allowed / "clips").mkdir()
    clip = allowed / "clips" / "Talk.MP4"
    shutil.copy(client.video_path(seeded.video_id), clip)
    (allowed / "clips" / "set.zip").write_bytes(b"PK")
    app = video_form()
    for path in (allowed, allowed / "clips", clip):
        box = next(box for box in app.selectbox if box.label == "Choose step by step")
        checked(box.set_value(str(path)).run())
    assert app.text_input(key="video.server.path").value == str(clip)
    checked(app.button(key="video.server.take").click().run())
    video = client.list_videos()[0]
    assert video.name == "Talk.MP4"
    assert app.selectbox(key="video.video").value == video.id
    clip.unlink()
    assert client.video_path(video.id).is_file()  # the original may go


def test_only_videos_are_offered_and_only_from_there(seeded: Seeded, allowed: Path) -> None:
    (allowed / "set.zip").write_bytes(b"PK")
    (allowed / "a.mkv").write_bytes(b"no video")
    app = video_form()
    box = next(box for box in app.selectbox if box.label == "Choose step by step")
    checked(box.set_value(str(allowed)).run())
    box = next(box for box in app.selectbox if box.label == "Choose step by step")
    assert box.options == ["../", "a.mkv"]
    before = len(client.list_videos())
    checked(box.set_value(str(allowed / "a.mkv")).run())
    checked(app.button(key="video.server.take").click().run())
    assert "a.mkv" in app.error[0].value
    for path, words in (("/etc/other.mp4", "not below an allowed folder"), (str(allowed), "got a folder")):
        with pytest.raises(client.ClientError, match=words):
            client.add_server_video(path)
    assert len(client.list_videos()) == before


def test_a_link_that_leads_out_of_the_allowed_folders_is_not_followed(
    seeded: Seeded, allowed: Path, tmp_path: Path
) -> None:
    shutil.copy(client.video_path(seeded.video_id), tmp_path / "secret.mp4")
    (allowed / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(client.ClientError, match="not below an allowed folder"):
        client.add_server_video(allowed / "link.mp4")


def test_where_no_folder_is_allowed_the_page_says_who_allows_one(seeded: Seeded) -> None:
    assert "AVCE_ALLOWED_FOLDERS" in texts(video_form())


def test_a_folder_of_the_server_is_chosen_step_by_step(seeded: Seeded, allowed: Path) -> None:
    (allowed / "faces").mkdir()
    (allowed / "set.zip").write_bytes(b"PK")
    (allowed / "notes.txt").write_text("no data")
    app = open_page("datasets")
    app.session_state["datasets.add"] = True  # the form is drawn when it is unfolded
    checked(app.run())
    checked(app.segmented_control(key="datasets.way").set_value("Folder on the server").run())
    checked(app.selectbox(key="datasets.entry.").set_value(str(allowed)).run())
    step = app.selectbox(key=f"datasets.entry.{allowed}")
    assert step.options == ["../", "faces/", "set.zip"]
    checked(step.set_value(str(allowed / "set.zip")).run())
    checked(app.button(key="datasets.import_folder").click().run())
    assert client.list_datasets()[0].name == "set.zip"
