"""The pages with years of work behind them, in a real browser: how long until a page, or an answer, stands there?

``python -m benchmarks.dashboard --json FILE`` fills a SQLite database with 1,000 runs, 2 M metric points, 200 videos
and 2 M trajectory points, starts the web process before it, and measures

- ``page_p95_s``: 95th percentile of opening a page by its address, with the browser's cache warm, until its script has run,
  its charts are drawn and the browser has painted; over ``page_opens`` opens, all pages in turn;
- ``menu_p95_s``: the same through the menu of a page that is open;
- ``interaction_p95_s``: from a click or key until the page has settled again, over the interactions of each page;
- ``rss_growth_mb``: memory of the web process after those opens, less that before them;
- ``page_busy_s``, ``interaction_busy_s``: processor time of server and browser per open and per interaction, mean: what is left of
  the figures above when other programs on the machine (``load_1min``) are taken away, less what runs side by side;
- ``sessions_p95_s``: 95th percentile of a page in ``sessions`` windows that all open one at the same moment; server and browser
  share the machine, so nearly all of it is the browser's; ``sessions_served_s``: processor time of the server for each such page;
- ``errors``: exceptions, failed requests and pages that did not settle, in all of this and in ``sessions`` windows at once.

``--upload-gb 5`` sends a file of so many GB (10**9 bytes) through the route instead, to an empty home, and measures

- ``upload_rss_growth_mb``: the most memory that the web process had meanwhile, less that before it;
- ``upload_mb_per_s``: with hashing on both sides and the check of the whole in it. The file is deleted afterwards.

Without ``--quick`` it opens 200 pages and 20 windows; with it 22 and 4, on a tenth of the rows.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from benchmarks._browser import launch_profile
from benchmarks._pages import Samples, acted, opened, server, settled, watched
from benchmarks._report import finish, parser
from benchmarks._uploading import measure_upload
from dashboard.navigation import PAGES

SCREEN: ViewportSize = {"width": 1440, "height": 900}
NO_BROWSER = "no browser is installed; `make browser` installs one"
ROUNDS = 3
"""How often each interaction is done."""


# what a person does on each page ------------------------------------------------------------------------------


def choose(label: str, nth: int) -> Callable[[Page, int], None]:
    """Open a select box and take one of its first options, another one in every round."""

    def act(page: Page, number: int) -> None:
        options = page.get_by_role("option")
        _unfold(page, label)
        wanted = options.nth((nth + number) % min(options.count(), 6))
        wanted.hover()
        page.evaluate("() => window.avceClock.arm()")  # opening the list is the browser's work alone
        wanted.click()

    return act


def _unfold(page: Page, label: str) -> None:
    """Open the list of a select box; one that the page shuts while it moves is opened again."""
    field = page.get_by_role("combobox", name=label, exact=True).first
    field.scroll_into_view_if_needed()
    for _ in range(4):
        field.click()
        try:
            page.get_by_role("option").first.wait_for(timeout=3_000)
        except PlaywrightError:
            page.keyboard.press("Escape")
        else:
            return
    raise PlaywrightError(f"the list of {label!r} does not open")


def segment(*names: str) -> Callable[[Page, int], None]:
    """Choose a segment or pill, another one in every round."""

    def act(page: Page, number: int) -> None:
        page.get_by_role("radio", name=names[number % len(names)], exact=True).click()

    return act


def press(name: str) -> Callable[[Page, int], None]:
    """Press a button."""

    def act(page: Page, number: int) -> None:
        del number
        page.get_by_role("button", name=name, exact=True).first.click()

    return act


INTERACTIONS: dict[str, dict[str, Callable[[Page, int], None]]] = {
    "datasets": {"other data set": choose("Data set", 1), "samples": segment("test", "train", "all")},
    "train": {"preset": choose("Preset", 1)},
    "runs": {"other run": choose("Run", 1)},
    "compare": {
        "look closer": segment("Curves", "All runs", "What differs", "Label against prediction", "Duel")
    },
    "compare?look=duel": {"opponent": choose("Second", 1)},
    "compare?look=curves": {"curve": segment("RMSE, validation", "Loss, training", "CCC, validation")},
    "compare?look=scatter": {"evaluation": choose("Evaluation", 1)},
    "video": {"other video": choose("Analysis", 1)},
    "episodes": {"rule": segment("A < -0.2 for 2 s", "intensity > 0.7", "V > 0.4 for 1 s")},
    "maps": {"other video": choose("Analysis", 1)},
    "inspector": {"other faces": press("Others"), "other model": choose("Model", 1)},
    "jobs": {"failed ones": segment("Failed", "Done", "All"), "older": press("Older")},
}


def interactions(page: Page, samples: Samples, rounds: int) -> Samples:
    """Every interaction of every page."""
    found = Samples(errors=samples.errors)
    for path, actions in INTERACTIONS.items():
        if opened(page, f"/{path}", samples) is None:
            samples.errors.append(f"{path}: did not open")
            continue
        for name, act in actions.items():
            for number in range(rounds):
                title = f"{path}: {name}"
                try:
                    found.timed(title, partial(acted, page, partial(act, page, number), samples))
                except PlaywrightError as error:
                    samples.errors.append(f"{title}: {str(error).splitlines()[0]}")
    return found


def page_opens(
    page: Page, count: int, samples: Samples, memory: Callable[[], float]
) -> tuple[Samples, float]:
    """Pages in turn by their address; returns times, and the growth of the server's memory meanwhile."""
    names = [entry.name for entry in PAGES]
    for name in names:  # caches of browser and server fill once
        opened(page, f"/{name}", samples)
    found, before = Samples(errors=samples.errors), memory()
    for number in range(count):
        name = names[number % len(names)]
        found.timed(name, partial(opened, page, f"/{name}", samples))
    return found, memory() - before


def menu(page: Page, samples: Samples) -> Samples:
    """Pages through the menu."""
    found, titles = Samples(errors=samples.errors), [entry.title for entry in PAGES]
    opened(page, "/", samples)
    for title in [*titles[1:], titles[0]] * 2:
        entry = page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True)
        found.timed(title, partial(acted, page, entry.click, samples))
    return found


def at_once(profile: BrowserContext, count: int, samples: Samples) -> Samples:
    """Many windows, each a session of its own: all open a page together, then another.

    They share the browser's cache, as the windows of people who have been here before have theirs: twenty browsers that
    compile all scripts anew would measure themselves, on the server's cores.
    """
    pages = [profile.new_page() for _ in range(count)]
    found, names = Samples(errors=samples.errors), [entry.name for entry in PAGES]
    for turn in range(2):
        for number, page in enumerate(pages):
            page.goto(f"/{names[(number + turn) % len(names)]}", wait_until="commit")
        for number, page in enumerate(pages):
            found.add(names[(number + turn) % len(names)], settled(page, samples))
    return found


def measure(
    home: Path, scratch: Path, *, opens: int, windows: int, rounds: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All figures of a filled home, and the tables behind them."""
    samples = Samples()
    with server(home) as (address, process), sync_playwright() as playwright:

        def memory() -> float:
            return float(process.memory_info().rss) / 2**20

        figures, tables = _one_person(
            playwright, scratch, address, samples, memory, opens=opens, rounds=rounds
        )
        before = process.cpu_times()
        with opened_profile(playwright, scratch, address, samples) as profile:
            together = at_once(profile, windows, samples)
        after = process.cpu_times()
        served_s = (after.user + after.system - before.user - before.system) / (2 * windows)
        figures |= {
            "rss_mb": memory(),
            "sessions": windows,
            "sessions_p95_s": together.p95(),
            "sessions_served_s": served_s,
        }
    return figures | {"errors": len(samples.errors)}, tables | {"what_failed": samples.errors[:50]}


@contextmanager
def opened_profile(
    playwright: Playwright, scratch: Path, address: str, samples: Samples
) -> Iterator[BrowserContext]:
    """A watched browser that remembers what it has loaded before."""
    profile = launch_profile(playwright, scratch / "profile", base_url=address, viewport=SCREEN)
    if profile is None:
        raise RuntimeError(NO_BROWSER)
    yield watched(profile, samples)
    profile.close()


def _one_person(
    playwright: Playwright,
    scratch: Path,
    address: str,
    samples: Samples,
    memory: Callable[[], float],
    *,
    opens: int,
    rounds: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of one window whose browser has been here before."""
    with opened_profile(playwright, scratch, address, samples) as profile:
        page = profile.new_page()
        by_address, growth = page_opens(page, opens, samples, memory)
        by_menu = menu(page, samples)
        answers = interactions(page, samples, rounds)
    figures = {
        "page_p95_s": by_address.p95(), "menu_p95_s": by_menu.p95(), "interaction_p95_s": answers.p95(),
        "page_busy_s": by_address.busy_mean_s(), "interaction_busy_s": answers.busy_mean_s(),
        "rss_growth_mb": growth, "page_opens": opens,
    }  # fmt: skip
    return figures, {"pages": by_address.table(), "menu": by_menu.table(), "interactions": answers.table()}


def main(argv: Sequence[str] | None = None) -> None:
    """Fill, measure, print, write."""
    arguments = parser(__doc__ or "")
    arguments.add_argument(
        "--quick", action="store_true", help="a tenth of the rows, few opens: does it run at all?"
    )
    arguments.add_argument(
        "--home", type=Path, metavar="DIR", help="keep the filled home here, or use the one that is"
    )
    arguments.add_argument(
        "--upload-gb", type=float, metavar="GB", help="measure only the upload of a file of this size"
    )
    chosen = arguments.parse_args(argv)
    if chosen.upload_gb:
        finish(large_upload(chosen.upload_gb), chosen.json)
        return
    with tempfile.TemporaryDirectory() as folder:
        home: Path = (chosen.home or Path(folder) / "home").absolute()
        seconds = prepare_home(home, Path(folder), is_quick=chosen.quick)
        plan = (
            {"opens": 22, "windows": 4, "rounds": 1}
            if chosen.quick
            else {"opens": 200, "windows": 20, "rounds": ROUNDS}
        )
        figures, tables = measure(home, Path(folder), **plan)
    finish(figures | {"fill_s": seconds, "load_1min": os.getloadavg()[0]}, chosen.json, **tables)
    for name in ("pages", "interactions"):
        for row in tables[name]:
            print(
                f"  {row['name']:28s} median {row['median_s']:.2f} s, p95 {row['p95_s']:.2f} s, busy {row['busy_s']:.2f} s ({row['n']})"
            )
    for line in tables["what_failed"]:
        print(f"  error: {line}")


def large_upload(size_gb: float) -> dict[str, float]:
    """Figures of one large upload into a home that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        migrate(home)
        with server(home) as (address, process):
            figures = measure_upload(address, process, int(size_gb * 1e9))
    return {"upload_gb": size_gb, **figures}


def prepare_home(home: Path, scratch: Path, *, is_quick: bool) -> float:
    """Fill a home, unless it is filled; returns the seconds that took."""
    start = time.perf_counter()
    is_filled = (home / "studio.db").exists()
    home.mkdir(parents=True, exist_ok=True)
    migrate(home)
    from benchmarks._filling import Size, fill  # noqa: PLC0415 (after the settings it reads)

    if is_filled:
        return 0.0
    fill(scratch, Size(100, 200_000, 20, 200_000) if is_quick else Size())
    return time.perf_counter() - start


def migrate(home: Path) -> None:
    """Let the settings point to a home, and bring its database up to date."""
    os.environ |= {
        "AVCE_HOME": str(home),
        "AVCE_BROKER_URL": "memory://",
        "AVCE_DATABASE_URL": "",
        "AVCE_FILES_URL": "",
    }
    from workers.migrate import upgrade  # noqa: PLC0415 (after the settings it reads)
    from workers.settings import get_settings  # noqa: PLC0415

    get_settings.cache_clear()
    upgrade()


if __name__ == "__main__":
    main()
