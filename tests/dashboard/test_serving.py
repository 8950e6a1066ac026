"""The web process: what it has loaded before the first visitor, and what it keeps of those who left."""

from __future__ import annotations

import subprocess
import sys

from streamlit import config

from dashboard.navigation import PAGES
from dashboard.serve import SESSION_KEPT_S, server_settings

STARTED = """
import gc, sys
from starlette.testclient import TestClient
from starlette.applications import Starlette
from dashboard.loaded import everything_loaded
from dashboard.navigation import PAGES

names = [f"dashboard.views.{entry.name}" for entry in PAGES]
assert not any(name in sys.modules for name in names)
with TestClient(Starlette(lifespan=everything_loaded)):
    missing = [name for name in names if name not in sys.modules]
    print(missing, gc.get_freeze_count() > 10_000, "torch" in sys.modules)
"""


def test_every_page_is_loaded_before_the_first_visitor_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "[] True False"
    assert len(PAGES) > 5


def test_every_setting_is_one_that_streamlit_knows() -> None:
    settings = server_settings("127.0.0.1", 8501)
    known = config.get_config_options()
    assert [name for name in settings if name not in known] == []
    assert settings["server.disconnectedSessionTTL"] == SESSION_KEPT_S < 120
