"""The player and the poster figure in a real browser, over a home that holds models and an analysed clip.

The clip for the clock shows each frame's number in black and white fields, so the test reads from the picture itself
which frame is in sight.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from avce.video.read import read_frames
from tests.browser.conftest import ROOT, launched, opened_tab

LONG_MS = 120_000
FRAMES, BITS, FIELD = 150, 8, 40
FILL = """
import json, sys
import workers.dispatch
workers.dispatch.send = lambda *_, **__: None
from workers.migrate import upgrade
upgrade()
from tests.browser import stock
print(json.dumps({"analysis": stock.fill(), "coded": stock.add_coded(sys.argv[1])}))
"""
WATCH = """
box => {
  const seen = [];
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  [canvas.width, canvas.height] = [320, 240];
  const stage = box.querySelector(".stage");
  const look = () => {
    const still = box.querySelector(".still");
    const film = box.querySelector(".film");
    const picture = !film.hidden ? film : still.hidden ? box.querySelector("video") : still;
    if (!stage.classList.contains("waiting") && (picture !== still || still.complete)) {
      pen.drawImage(picture, 0, 0, 320, 240);
      let number = 0;
      for (let bit = 0; bit < 8; bit += 1) {
        const [value] = pen.getImageData(bit * 40 + 20, 200, 1, 1).data;
        if (value > 128) number += 2 ** bit;
      }
      seen.push([number, Number(box.dataset.frame)]);
    }
    requestAnimationFrame(look);
  };
  look();
  window.seen = seen;
}
"""


def write_coded_clip(path: Path) -> None:
    """Frames that show their own number: field k is white where bit k is set; their times are uneven.

    With B-frames, so that frames are stored in another order than they are shown.
    """
    options = {"crf": "20", "preset": "veryfast", "g": "30", "bf": "3"}
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.width, stream.height, stream.pix_fmt = BITS * FIELD, 240, "yuv420p"
        for index in range(FRAMES):
            picture = np.full((240, BITS * FIELD, 3), 90, np.uint8)
            for bit in range(BITS):
                picture[160:, bit * FIELD : (bit + 1) * FIELD] = 255 if index >> bit & 1 else 0
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 40 * index + (13 if index % 3 else 0), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Address of a studio whose home holds three models, a clip analysed with them, and the coded clip."""
    home = tmp_path_factory.mktemp("filled")
    write_coded_clip(home / "coded.mp4")
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(home / "coded.mp4")],
        cwd=ROOT, env=os.environ | {"AVCE_HOME": str(home), "AVCE_BROKER_URL": "memory://"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    ids = json.loads(done.stdout.splitlines()[-1])
    with launched(home) as address:
        yield address, ids
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def page(browser: Browser, filled: tuple[str, dict[str, str]]) -> Iterator[Page]:
    with opened_tab(browser, filled[0]) as opened:
        yield opened


def open_player(page: Page, analysis_id: str) -> Locator:
    page.goto(f"/video?analysis={analysis_id}")
    player = page.locator(".player")
    expect(player.locator("img.still")).to_be_visible()
    return player


def samples(page: Page) -> list[tuple[int, int]]:
    return [(picture, cursor) for picture, cursor in page.evaluate("window.seen")]


def test_picture_and_curve_are_never_more_than_one_frame_apart(
    page: Page, filled: tuple[str, dict[str, str]]
) -> None:
    player = open_player(page, filled[1]["coded"])
    player.evaluate(WATCH)
    player.get_by_role("button", name="Play").click()
    page.wait_for_timeout(2500)
    player.get_by_role("button", name="Pause").click()
    curve = player.locator("canvas.curve").first
    curve.scroll_into_view_if_needed()
    area = curve.bounding_box()
    assert area is not None
    for share in (0.9, 0.2, 0.6, 0.1, 0.75):
        curve.click(position={"x": area["width"] * share, "y": 60})
        page.wait_for_timeout(150)
    player.focus()
    for key in ("End", "Home", "ArrowRight", "PageDown", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    page.wait_for_timeout(600)
    seen = samples(page)
    assert len({picture for picture, _ in seen}) > 15  # it did play
    apart = [pair for pair in seen if abs(pair[0] - pair[1]) > 1]
    assert not apart, apart[:10]
    assert seen[-1][0] == seen[-1][1]  # at rest they are the same frame


def test_a_range_gives_statistics_of_every_curve_and_goes_away(
    page: Page, filled: tuple[str, dict[str, str]]
) -> None:
    player = open_player(page, filled[1]["analysis"])
    curve = player.locator("canvas.curve").first
    curve.scroll_into_view_if_needed()
    area = curve.bounding_box()
    assert area is not None
    y = area["y"] + 60
    page.mouse.move(area["x"] + area["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, y, steps=6)
    page.mouse.up()
    chosen = player.locator(".range")
    expect(chosen).to_have_text(re.compile(r"frames \d+ to \d+"))
    panel = page.locator('[class*="st-key-video-range"]')
    expect(panel.get_by_role("row").filter(has_text="My avce")).to_contain_text("±")
    expect(panel.get_by_role("row").filter(has_text="label")).to_contain_text("slope")
    first, last = map(int, re.findall(r"\d+", chosen.inner_text()))
    assert 0 < first < last
    expect(panel).to_contain_text(f"frames {first} to {last}")
    with page.expect_download() as download:
        panel.get_by_role("link", name="Clip of this range").click()
    assert sum(1 for _ in read_frames(download.value.path())) == last - first + 1
    player.focus()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_zoom_keeps_the_readers_frame_in_sight(page: Page, filled: tuple[str, dict[str, str]]) -> None:
    player = open_player(page, filled[1]["coded"])
    player.focus()
    for key in ("+", "+", "+"):
        page.keyboard.press(key)
    expect(player.get_by_role("button", name="Whole")).to_be_enabled()
    page.keyboard.press("End")
    expect(player).to_have_attribute("data-frame", str(FRAMES - 1))
    page.keyboard.press("0")
    expect(player.get_by_role("button", name="Whole")).to_be_disabled()


def test_a_map_is_shown_large_with_its_scores_and_the_opacity_is_one_for_all(
    page: Page, filled: tuple[str, dict[str, str]]
) -> None:
    page.goto(f"/maps?analysis={filled[1]['analysis']}")
    page.get_by_role("button", name="head H, attentive view", exact=True).click()
    page.get_by_role("button", name="Draw maps").click()
    over = page.get_by_role("img", name=re.compile("Where My avce looks for valence in frame")).first
    expect(over).to_be_visible(timeout=LONG_MS)
    page.get_by_label("Opacity of the maps over the faces").fill("80")
    expect(over).to_have_css("opacity", "0.8")
    over.click()
    large = page.get_by_role("dialog", name="One map, large")
    for words in ("sparsity", "deletion", "insertion", "random-weights check"):
        expect(large.get_by_text(words, exact=True)).to_be_visible()
    title = large.get_by_role("heading").inner_text()
    page.keyboard.press("ArrowRight")
    expect(large.get_by_role("heading")).not_to_have_text(title)
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    page.get_by_role("radio", name="R against H").click()
    expect(page.get_by_text(re.compile(r"H is sparser than R in \d+ of \d+ maps")).first).to_be_visible()


def test_the_poster_figure_is_drawn_and_taken_home_with_its_data(
    page: Page, filled: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    open_player(page, filled[1]["analysis"])
    page.get_by_role("button", name="Draw poster figure").click()
    figure = page.get_by_role("img", name=re.compile("Poster figure of talking.mp4: maps of"))
    expect(figure).to_be_visible(timeout=LONG_MS)
    assert figure.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 2000
    for name, start in (("SVG", b"<?xml"), ("PDF", b"%PDF"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert Path(download.value.path()).read_bytes().startswith(start)
        assert download.value.suggested_filename == f"talking.mp4-poster.{name.lower()}"
    with page.expect_download() as download:
        page.get_by_role("link", name="everything with the data").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        curves = pd.read_csv(packed.open("curves.csv"))
    assert set(curves["model"]) == {"My avce", "My caf", "My hasani", "label"}
