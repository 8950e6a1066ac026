"""A data set as a person takes care of it, in a real browser: bring it in, read what is wrong with it, look at the faces
behind a place of the plane, make it again without what is wrong, accept the rest.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_journey import LONG_MS, field, fill, heading, press, unfold, upload

CLIPS, SECONDS, FPS = 3, 3, 12.5
FRAMES = int(CLIPS * SECONDS * FPS)

FULLEST_PLACE = """chart => {
  const drawn = chart.querySelector(".js-plotly-plot");
  const map = drawn._fullData.find((trace) => trace.z);
  let best = [-1, 0, 0];
  map.z.forEach((row, y) => row.forEach((count, x) => { if (count > best[0]) best = [count, x, y]; }));
  const { xaxis, yaxis } = drawn._fullLayout;
  const box = drawn.getBoundingClientRect();
  return { x: box.left + xaxis._offset + xaxis.d2p(map.x[best[1]]), y: box.top + yaxis._offset + yaxis.d2p(map.y[best[2]]) };
}"""


@pytest.fixture(scope="module")
def clips_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips in Aff-Wild layout: a face leaves the picture for a moment, and one label file is two lines short."""
    from avce.data.synthetic import synthesize
    from avce.options import SynthOptions

    options = SynthOptions(
        kind="affwild", clips=CLIPS, seconds=SECONDS, fps=FPS, width=240, height=180, seed=6
    )
    folder = synthesize(tmp_path_factory.mktemp("clips") / "clips with gaps", options)
    short = sorted(folder.rglob("valence/*.txt"))[-1]
    short.write_text("".join(short.read_text().splitlines(keepends=True)[:-2]))
    return Path(shutil.make_archive(str(folder), "zip", folder))


def samples(page: Page) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text="Samples")


def count_of(page: Page) -> int:
    return int(re.sub(r"\D", "", samples(page).inner_text()))


def finding(page: Page, words: str) -> Locator:
    return page.get_by_test_id("stMarkdown").filter(has_text=words)


@pytest.mark.slow
def test_a_data_set_is_brought_in_read_mended_and_accepted(tab: Page, clips_zip: Path) -> None:
    bring_in(tab, clips_zip)
    read_the_findings(tab)
    look_behind_a_place_of_the_plane(tab)
    before = count_of(tab)
    leave_out_what_shows_no_face_and_make_it_again(tab)
    assert count_of(tab) == before  # those frames did not count, and nothing else is gone
    accept(tab)


def bring_in(page: Page, file: Path) -> None:
    page.goto("/datasets")
    unfold(page, "Add a data set")
    upload(page, file)
    expect(field(page, "Name")).to_have_attribute("placeholder", "clips with gaps")
    press(page, "Import")
    chosen = page.get_by_role("combobox", name=re.compile("^Data set"))
    # others may be there, and are shown until then
    expect(chosen).to_have_value(re.compile("^clips with gaps"))
    expect(samples(page)).to_be_visible(timeout=LONG_MS)
    assert 0.5 * FRAMES < count_of(page) < FRAMES  # without the frames that have no label, or no face
    expect(page.get_by_text("Layout affwild")).to_be_visible()


def read_the_findings(page: Page) -> None:
    expect(heading(page, "Findings")).to_be_visible()
    expect(finding(page, "pictures without a face")).to_be_visible()
    expect(finding(page, "labels").filter(has_text="frames")).not_to_have_count(0)
    where = page.locator("details").filter(has_text="Where (")
    for place in range(where.count()):
        where.nth(place).locator("summary").first.click()
        expect(where.nth(place).locator("code").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^(Whole picture|Face) of ")).first).to_be_visible()


def look_behind_a_place_of_the_plane(page: Page) -> None:
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.scroll_into_view_if_needed()
    expect(page.get_by_text("Click a place of the plane to see the faces")).to_be_visible()
    place = chart.evaluate(FULLEST_PLACE)
    page.mouse.move(place["x"], place["y"])
    page.mouse.click(place["x"], place["y"])
    expect(page.get_by_text(re.compile(r"^Valence .* to .*, arousal .* to "))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Face of .*valence")).first).to_be_visible()
    press(page, "Whole plane")
    expect(page.get_by_text("Click a place of the plane to see the faces")).to_be_visible()


def leave_out_what_shows_no_face_and_make_it_again(page: Page) -> None:
    expect(page.get_by_role("button", name="Leave these out")).to_have_count(1)
    page.get_by_role("button", name="Leave these out").click()
    expect(page.get_by_text(re.compile(r"names? left out \(before: 0\)"))).to_be_visible()
    fill(page, "Name of the new data set", "clips mended")
    press(page, "Make a new data set")
    expect(page.get_by_text("Made again from")).to_be_visible(timeout=LONG_MS)
    expect(heading(page, "Findings")).to_be_visible()
    expect(finding(page, "pictures without a face")).to_have_count(0)


def accept(page: Page) -> None:
    press(page, "Accept as it is")
    expect(page.get_by_text("findings were read and accepted on")).to_be_visible()
    expect(page.get_by_role("button", name="Accept as it is")).to_have_count(0)
