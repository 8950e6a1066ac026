"""What Streamlit runs for every visit: frame, menu, page. No content of its own."""

from __future__ import annotations

from dashboard.components.frame import draw_frame
from dashboard.components.news import news
from dashboard.components.person import know_person
from dashboard.navigation import navigation


def main(start: str = "overview") -> None:
    """Draw the page that the address asks for."""
    draw_frame()
    know_person()
    navigation(start).run()
    news()


if __name__ == "__main__":
    main()
