"""The web process: Streamlit's pages and our routes in one ASGI application."""

from __future__ import annotations

from pathlib import Path

from streamlit import App

from dashboard.loaded import everything_loaded
from dashboard.routes import ROUTES

app = App(Path(__file__).with_name("main.py"), routes=ROUTES, lifespan=everything_loaded)
