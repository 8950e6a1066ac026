"""The main job, end to end, as a person does it: real browser, real Redis, real workers.

Upload faces, look at them, train, watch, cancel another job, evaluate, compare with the poster's rows, upload a
video, follow its frames, draw activation maps, take the csv home.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from avce.video.read import read_frames

COLUMNS = ["frame", "pts_ms", "track", "state", "valence", "arousal", "confidence", "x0", "y0", "x1", "y1"]
LONG_MS = 120_000
TRIES, TRY_MS = 6, 10_000
EPOCHS = 12


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, label: str, option: str) -> None:
    """Pick from a select box; a page that is just being drawn anew may shut the list, so it is opened again."""
    wanted = page.get_by_role("option", name=re.compile(option))
    for _ in range(TRIES):
        page.get_by_role("combobox", name=re.compile(label)).click()
        try:
            wanted.click(timeout=TRY_MS)
        except PlaywrightTimeoutError:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(f"{label}: no option {option!r} after {TRIES} openings")


def field(page: Page, label: str) -> Locator:
    """A field by its label, once the one that it replaces is gone."""
    found = page.get_by_label(label, exact=True)
    expect(found).to_have_count(1)
    return found


def fill(page: Page, label: str, value: str) -> None:
    field(page, label).fill(value)
    field(page, label).press("Enter")


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text, exact=True)


def unfold(page: Page, title: str) -> None:
    """Open an expander that may be open already."""
    section = page.locator("details").filter(has_text=title).first
    expect(section).to_be_visible()
    if section.get_attribute("open") is None:
        section.locator("summary").first.click()


def upload(page: Page, file: Path) -> None:
    page.locator("input#files").set_input_files(file)


@pytest.mark.slow
def test_from_labelled_faces_to_maps_over_a_video(tab: Page, faces_zip: Path, clip: Path) -> None:
    first_visit(tab)
    analyse_without_training(tab, clip)
    bring_faces(tab, faces_zip)
    train_and_watch(tab)
    cancel_another(tab)
    evaluate(tab)
    compare_with_the_poster(tab)
    analyse_with_the_run_as_well(tab)
    follow_the_frames(tab)
    take_the_csv(tab, clip)
    draw_maps(tab)
    inspect_faces(tab)
    duel(tab)


def first_visit(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Start the demo")).to_be_visible()
    expect(page.get_by_text("says how pleasant a facial expression looks")).to_be_visible()
    page.get_by_role("link", name="Look at a video now").click()


def analyse_without_training(page: Page, file: Path) -> None:
    """The starter model is chosen already, and tells what it must not be used for."""
    upload(page, file)
    expect(page.get_by_text(file.name).first).to_be_visible()
    expect(page.get_by_text("What the starter model can do")).to_be_visible()
    press(page, "Analyse")
    expect(page.get_by_role("link", name="starter as csv")).to_be_visible(timeout=LONG_MS)
    page.get_by_role("link", name="Data sets").click()


def bring_faces(page: Page, file: Path) -> None:
    upload(page, file)
    expect(field(page, "Name")).to_have_attribute("placeholder", "faces")
    press(page, "Import")
    expect(page.get_by_test_id("stMetric").filter(has_text="Samples")).to_contain_text("60", timeout=LONG_MS)
    expect(page.get_by_test_id("stMetric").filter(has_text="Subjects")).to_contain_text("6")
    expect(heading(page, "Where the labels lie")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Validation")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Face of .*valence"))).to_have_count(16)
    page.get_by_role("link", name="Train on this data set").click()


def queue_training(page: Page, name: str, epochs: int) -> None:
    choose(page, "Preset", "smoke")
    page.locator("input[aria-label='Input size'][value='64']").wait_for()
    fill(page, "Epochs", str(epochs))
    fill(page, "Name of the run", name)
    expect(page.get_by_text(f"for {epochs} epochs over")).to_be_visible()
    press(page, "Queue training")
    expect(heading(page, "Runs")).to_be_visible()


def train_and_watch(page: Page) -> None:
    queue_training(page, "First model", EPOCHS)
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(2, timeout=LONG_MS)
    page.get_by_text("Log", exact=True).click()
    expect(page.locator(".avce-log")).to_contain_text("epoch 1", timeout=LONG_MS)
    expect(page.get_by_role("button", name="Evaluate")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("stMetric").filter(has_text="Best epoch")).to_contain_text(re.compile(r"\d"))


def cancel_another(page: Page) -> None:
    page.get_by_role("link", name="Train", exact=True).click()
    queue_training(page, "Not wanted", 5000)
    page.get_by_role("link", name="Jobs", exact=True).click()
    card = page.locator('[class*="st-key-jobs-job-"]').filter(has_text="Not wanted")
    expect(card.get_by_role("progressbar")).to_be_visible(timeout=LONG_MS)
    expect(card).to_contain_text("left", timeout=LONG_MS)  # the remaining time
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("cancelled", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(card.get_by_role("button", name="Retry")).to_be_visible()


def evaluate(page: Page) -> None:
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(heading(page, "Runs")).to_be_visible()  # the page before may have a field "Run" as well
    choose(page, "^Run", "First model")
    press(page, "Evaluate")
    row = page.get_by_role("row").filter(has_text="First model")
    expect(row).to_contain_text("test · concatenated", timeout=LONG_MS)
    page.get_by_role("link", name="See beside the poster's rows").click()


def compare_with_the_poster(page: Page) -> None:
    ours = page.get_by_role("row").filter(has_text="First model")
    expect(ours.get_by_role("cell")).to_have_count(9)
    assert all(re.search(r"\d\.\d{3}|–", text) for text in ours.get_by_role("cell").all_inner_texts()[1:])
    for name, rmse, ccc in (
        ("Hasani et al.", "0.27", "0.36"),
        ("CAF (AlexNet)", "0.24", "0.54"),
        ("AVCE (AlexNet)", "0.154", "0.682"),
    ):
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("ECCV 2022, poster")
        expect(row).to_contain_text(rmse)
        expect(row).to_contain_text(ccc)
    expect(page.get_by_role("row").filter(has_text="mean of the training labels")).to_be_visible()


def analyse_with_the_run_as_well(page: Page) -> None:
    page.get_by_role("link", name="Video", exact=True).click()
    expect(page.get_by_role("link", name="starter as csv")).to_be_visible()
    unfold(page, "Analyse a video")
    choose(page, "Models", "First model")
    page.keyboard.press("Escape")
    press(page, "Analyse")
    expect(page.get_by_role("link", name="First model as csv")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".player")).to_be_visible(timeout=LONG_MS)


def follow_the_frames(page: Page) -> None:
    """Curve, picture and clock are at the same frame, wherever the reader goes."""
    player = page.locator(".player")
    curve = player.locator("canvas.curve").first
    still = player.locator("img.still")
    expect(still).to_be_visible()
    area = curve.bounding_box()
    assert area is not None
    curve.click(position={"x": area["width"] * 0.5, "y": 30})
    frame = int(player.get_attribute("data-frame") or -1)
    assert frame > 0
    expect(still).to_have_attribute("src", re.compile(rf"/{frame}\?"))
    player.focus()
    page.keyboard.press("ArrowRight")
    expect(player).to_have_attribute("data-frame", str(frame + 1))
    expect(still).to_have_attribute("src", re.compile(rf"/{frame + 1}\?"))
    expect(player.locator(".clock")).to_contain_text(f"frame {frame + 1}")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Home")
    expect(player.locator(".readout")).to_contain_text(re.compile(r"V [+−]\d\.\d\d\s+A [+−]\d\.\d\d"))
    page.get_by_role("tab", name="States of the frames").click()
    expect(page.get_by_role("row").filter(has_text="detected").first).to_be_visible()


def take_the_csv(page: Page, file: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="First model as csv").click()
    text = Path(download.value.path()).read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == COLUMNS
    frames = [(frame.index, frame.pts_ms) for frame in read_frames(file)]
    assert list(dict.fromkeys(int(row["frame"]) for row in rows)) == [index for index, _ in frames]
    assert float(rows[-1]["pts_ms"]) == pytest.approx(frames[-1][1], abs=0.01)
    assert any(row["valence"] for row in rows)
    assert all(not row["valence"] and not row["track"] for row in rows if row["state"] == "no_face")


def draw_maps(page: Page) -> None:
    page.get_by_role("link", name="Activation maps of this video").click()
    press(page, "Draw maps")
    for axis in ("valence", "arousal"):
        picture = page.get_by_role("img", name=re.compile(f"Where First model looks for {axis}")).first
        expect(picture).to_be_visible(timeout=LONG_MS)
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
    expect(page.get_by_text("Gini").first).to_be_visible()


def inspect_faces(page: Page) -> None:
    """A sample of the data set, then a picture from disk."""
    page.get_by_role("link", name="Inspector", exact=True).click()
    expect(heading(page, "Inspector")).to_be_visible()  # the page before has a field "Models"
    choose(page, "^Model$", "First model")
    expect(page.get_by_role("combobox", name=re.compile("^Model"))).to_have_value(re.compile("First model"))
    face = page.get_by_role("img", name=re.compile("^Face of .*valence")).first
    expect(face).to_be_visible()
    page.get_by_role("button", name="Inspect", exact=True).first.click()
    expect(heading(page, "Pull and push")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("row").filter(has_text="ECOS")).to_have_count(2)
    expect(page.get_by_test_id("stMetric").filter(has_text="f(x, y_a)")).to_contain_text(
        re.compile(r"0\.\d{3}")
    )
    picture = face.screenshot()
    page.get_by_role("radio", name="Own picture").click()
    page.locator("input#files").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture}
    )
    start = page.get_by_role("button", name="Inspect", exact=True)
    expect(start).to_be_enabled()
    start.click()
    expect(page.get_by_text("First model on me.png")).to_be_visible(timeout=LONG_MS)


def duel(page: Page) -> None:
    """The run against itself: no winner, and an address that opens the same duel."""
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(heading(page, "Runs")).to_be_visible()  # the page before may have a field "Run" as well
    choose(page, "^Run", "First model")
    press(page, "Evaluate")
    expect(page.get_by_role("row").filter(has_text="First model")).to_have_count(2, timeout=LONG_MS)
    page.get_by_role("link", name="See beside the poster's rows").click()
    for figure in ("ΔCCC, valence", "ΔCCC, arousal", "ΔRMSE, valence", "ΔRMSE, arousal"):
        expect(page.get_by_role("row").filter(has_text=figure)).to_contain_text("not clear")
    expect(page).to_have_url(re.compile(r"first=\w+&second=\w+"))
    first, second = (page.get_by_role("combobox", name=name).input_value() for name in ("First", "Second"))
    assert first != second
    page.reload()
    expect(page.get_by_role("row").filter(has_text="ΔCCC, valence")).to_contain_text("0.000")
    with page.expect_download() as download:
        press(page, "Table as LaTeX")
    assert "AVCE (AlexNet), Aff-Wild" in Path(download.value.path()).read_text()


def test_a_broken_archive_is_named_and_nothing_of_it_stays(tab: Page, tmp_path: Path) -> None:
    broken = tmp_path / "torn.zip"
    broken.write_bytes(b"PK\x03\x04 and then nothing")
    tab.goto("/datasets")
    unfold(tab, "Add a data set")
    upload(tab, broken)
    expect(field(tab, "Name")).to_have_attribute("placeholder", "torn")
    press(tab, "Import")
    expect(tab.get_by_test_id("stAlert").filter(has_text="torn.zip").first).to_be_visible(timeout=LONG_MS)
    tab.get_by_role("link", name="Train", exact=True).click()
    expect(heading(tab, "Train")).to_be_visible()
    expect(tab.get_by_text("torn")).to_have_count(0)


def test_a_file_that_is_no_video_is_refused_at_once(tab: Page, tmp_path: Path) -> None:
    fake = tmp_path / "holiday.mp4"
    fake.write_bytes(b"not a film " * 100)
    tab.goto("/video")
    unfold(tab, "Analyse a video")
    upload(tab, fake)
    expect(tab.get_by_test_id("stAlert").filter(has_text="holiday.mp4")).to_be_visible()


def test_an_upload_that_is_cut_off_goes_on_by_itself(tab: Page, tmp_path: Path) -> None:
    """The connection fails in the middle of a file of three pieces; the file arrives whole."""
    large = tmp_path / "large.csv"
    large.write_bytes(b"image,valence,arousal\n" + b"x" * (20 * 2**20))
    failures = iter([False, True, True])
    tab.route(
        "**/api/uploads/*?offset=*",
        lambda route: route.abort() if next(failures, False) else route.continue_(),
    )
    tab.goto("/datasets")
    unfold(tab, "Add a data set")
    upload(tab, large)
    expect(field(tab, "Name")).to_have_attribute("placeholder", "large")
    assert next(failures, None) is None


def test_the_demo_starts_in_one_click(tab: Page) -> None:
    tab.goto("/demo")
    press(tab, "Start the demo")
    expect(tab.locator('[class*="st-key-demo-job-"]')).to_have_count(7)
    expect(tab.get_by_role("progressbar").first).to_be_visible()
    tab.goto("/demo")  # as one who closed the page and comes back
    expect(tab.locator('[class*="st-key-demo-job-"]')).to_have_count(7)
