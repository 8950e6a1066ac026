"""Uploads that are cut off in the middle, in a real browser against a real studio."""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import opened_tab
from tests.browser.test_journey import field, press, unfold, upload

BLOCK = 8 * 1024 * 1024
BLOCKS = 3
ONLY_ON_SECURE_PAGES = "Object.defineProperty(crypto, 'subtle', {value: undefined})"


class Network:
    """Lets a number of an upload's pieces through, then loses every further one, until it is mended."""

    def __init__(self, page: Page, *, pieces: int) -> None:
        self.left = pieces
        self.is_mended = False
        page.route(re.compile(r"/api/uploads/[^/?]+\?offset="), self._pass_or_lose)

    def mend(self) -> None:
        self.is_mended = True

    def _pass_or_lose(self, route: Route) -> None:
        if not self.is_mended and self.left <= 0:
            route.abort("connectionreset")
            return
        self.left -= 1
        route.continue_()


@pytest.fixture
def archive(faces_zip: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Faces in an archive that takes several pieces to upload; another one for each test, as the store knows a file again."""
    path = tmp_path / "many pieces.zip"
    path.write_bytes(faces_zip.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as into:
        into.writestr("faces/notes.bin", random.Random(request.node.name).randbytes(BLOCKS * BLOCK))
    return path


def row(page: Page) -> Locator:
    return page.locator("ul.list > li").filter(has_text="many pieces.zip")


def arrived(page: Page) -> None:
    expect(row(page)).to_contain_text("arrived as it was sent")
    expect(field(page, "Name")).to_have_attribute("placeholder", "many pieces")


def datasets_page(page: Page) -> None:
    page.goto("/datasets")
    unfold(page, "Add a data set")
    expect(page.locator("button.pick")).to_be_visible()


def test_an_upload_that_loses_its_connection_goes_on_where_it_was(tab: Page, archive: Path) -> None:
    network = Network(tab, pieces=1)
    datasets_page(tab)
    upload(tab, archive)
    expect(row(tab)).to_contain_text("The connection is lost. 33 % are there; next try in")
    network.mend()
    row(tab).get_by_role("button", name="Try now").click()
    arrived(tab)
    assert network.left == -BLOCKS  # the first piece did not go up again; the last block is a short one


def leave_in_the_middle(browser: Browser, studio: str, archive: Path) -> None:
    with opened_tab(browser, studio) as page:
        Network(page, pieces=2)
        datasets_page(page)
        upload(page, archive)
        expect(row(page)).to_contain_text("66 % are there")


def test_an_upload_goes_on_after_its_window_was_closed(browser: Browser, studio: str, archive: Path) -> None:
    leave_in_the_middle(browser, studio, archive)
    with opened_tab(browser, studio) as page:
        datasets_page(page)
        expect(row(page)).to_contain_text("Choose the same file again to go on")
        with page.expect_file_chooser() as chooser:
            row(page).get_by_role("button", name="Choose it again").click()
        chooser.value.set_files(archive)
        arrived(page)
        expect(row(page)).to_contain_text("went on from 66 %")


def test_another_file_is_not_taken_for_the_one_that_was_cut_off(
    browser: Browser, studio: str, archive: Path, faces_zip: Path
) -> None:
    leave_in_the_middle(browser, studio, archive)
    with opened_tab(browser, studio) as page:
        datasets_page(page)
        with page.expect_file_chooser() as chooser:
            row(page).get_by_role("button", name="Choose it again").click()
        chooser.value.set_files(faces_zip)
        expect(row(page)).to_contain_text(f"{faces_zip.name} (")
        expect(row(page)).to_contain_text("is another file; choose many pieces.zip")
        row(page).get_by_role("button", name="Discard").click()
        expect(row(page)).to_have_count(0)


def test_a_page_without_the_browsers_own_hashing_uploads_as_well(tab: Page, archive: Path) -> None:
    """Browsers lend their hashing only to pages from https or from the same machine; a lab's server is often neither."""
    tab.add_init_script(ONLY_ON_SECURE_PAGES)
    datasets_page(tab)
    assert tab.evaluate("crypto.subtle === undefined")
    upload(tab, archive)
    arrived(tab)


def test_an_upload_is_paused_and_goes_on(tab: Page, archive: Path) -> None:
    Network(tab, pieces=1)
    datasets_page(tab)
    upload(tab, archive)
    expect(row(tab)).to_contain_text("next try in")
    press(tab, f"Pause: {archive.name}")
    expect(row(tab)).to_contain_text("33 % of")
    tab.unroute_all()
    press(tab, f"Go on: {archive.name}")
    arrived(tab)
