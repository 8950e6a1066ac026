"""Who sits here: a name for the others in the lab, from a proxy's header or a cookie of this browser. It guards nothing."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from workers import client

KEY = "person.name"
COOKIE = "avce_name"
_KEEPER = st.components.v2.component(
    "avce_person",
    html="<span></span>",
    js=f"""export default function ({{ data }}) {{
      if (data.name !== null) {{
        document.cookie = "{COOKIE}=" + data.name + "; path=/; max-age=31536000; samesite=lax";
      }}
    }}""",
)


def name_of_proxy() -> str:
    """The name that a proxy says, where the settings name its header."""
    header = client.name_header()
    return unquote(str(st.context.headers.get(header) or "")).strip() if header else ""


def person() -> str:
    """The name that a proxy says; else what was given in this session or, before that, in this browser."""
    if get_script_run_ctx() is None:
        return ""
    if name := name_of_proxy():
        return name
    if KEY in st.session_state:
        return str(st.session_state[KEY] or "")
    return unquote(str(st.context.cookies.get(COOKIE, "")))


def know_person() -> None:
    """Let jobs that are started here carry the name."""
    if KEY not in st.session_state:
        st.session_state[KEY] = person()
    else:
        st.session_state[KEY] = st.session_state[KEY]  # Streamlit forgets fields of pages that were left
    client.name_source(person)


def name_field() -> None:
    """Ask for the name, where no proxy says it."""
    if name := name_of_proxy():
        st.caption(f"Jobs that you start carry the name **{name}**.")
        return
    name = st.text_input(
        "Your name",
        key=KEY,
        max_chars=60,
        width=260,
        placeholder="shown beside the jobs you start",
        help="For the others in the lab; it is kept in a cookie of this browser and guards nothing.",
    )
    _KEEPER(key="person.keeper", data={"name": quote(name or "")})
