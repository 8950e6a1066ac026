"""One record chosen from a list, and the address that names it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components import pick as pick_module


def page() -> None:
    """Two pages, of which one has the box."""
    from types import SimpleNamespace

    import streamlit as st

    from dashboard.components.pick import pick

    records = [SimpleNamespace(id=key) for key in ("newest", "middle", "oldest")]
    if not st.session_state.get("is_elsewhere"):
        chosen = pick("Model", records, lambda record: record.id, param="run", key="box")
        st.caption(chosen.id)


def open_page(address: str | None = None) -> AppTest:
    app = AppTest.from_function(page)
    if address is not None:
        app.query_params["run"] = address
    return app.run()


def chosen(app: AppTest) -> str:
    shown = app.caption[0].value
    assert app.query_params["run"] in (shown, [shown])
    return shown


def test_the_newest_is_chosen_where_the_address_names_none_or_an_unknown_one() -> None:
    assert chosen(open_page()) == "newest"
    assert chosen(open_page("deleted")) == "newest"


def test_the_address_chooses() -> None:
    app = open_page("middle")
    assert chosen(app) == "middle"
    app.query_params["run"] = "oldest"
    assert chosen(app.run()) == "oldest"


def test_a_click_right_after_a_choice_does_not_undo_it() -> None:
    app = open_page()
    app.selectbox[0].select("middle").run()
    app.query_params["run"] = "newest"  # the browser has not heard yet
    assert chosen(app.run()) == "middle"
    app.selectbox[0].select("oldest").run()
    for late in ("newest", "middle"):
        app.query_params["run"] = late
        assert chosen(app.run()) == "oldest"


def test_a_link_back_to_what_was_left_long_ago_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page()
    app.selectbox[0].select("middle").run()
    monkeypatch.setattr(pick_module, "ECHO_S", 0.0)
    app.query_params["run"] = "newest"
    assert chosen(app.run()) == "newest"


def test_a_link_from_another_page_opens_what_was_open_before() -> None:
    app = open_page("middle")
    app.session_state["is_elsewhere"] = True
    app.run()
    app.session_state["is_elsewhere"] = False
    app.query_params["run"] = "middle"
    assert chosen(app.run()) == "middle"
