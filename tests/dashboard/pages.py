"""Run one page as Streamlit would."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

SCRIPT = "from dashboard.main import main\nmain({name!r})"


def open_page(name: str, **query: str) -> AppTest:
    """The page after its first run; an exception in it fails the test."""
    app = AppTest.from_string(SCRIPT.format(name=name), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """The page, if nothing in it broke."""
    assert not app.exception, [item.message for item in app.exception]
    return app


def texts(app: AppTest) -> str:
    """All words on the page."""
    parts = [
        *app.markdown,
        *app.caption,
        *app.info,
        *app.warning,
        *app.error,
        *app.title,
        *app.header,
        *app.success,
    ]
    return "\n".join([*(str(part.value) for part in parts), *(block.proto.body for block in app.get("html"))])
