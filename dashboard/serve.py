"""``python -m dashboard.serve``: the pages at the address in the settings."""

from __future__ import annotations

from typing import Any

from dashboard.app import app
from dashboard.theme import theme_settings
from workers.settings import get_settings

QUIET: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "server.headless": True,  # opens no browser
    "server.showEmailPrompt": False,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "client.toolbarMode": "minimal",
    "client.showErrorLinks": False,
    "logger.hideWelcomeMessage": True,
}
"""What keeps Streamlit from asking, reporting or watching."""

SESSION_KEPT_S = 30
"""How long what a visitor had typed waits for the connection to come back. Each page that is left keeps a third of a
megabyte for so long, so Streamlit's two minutes let a busy studio grow by tens of megabytes."""


def server_settings(host: str, port: int) -> dict[str, Any]:
    """All settings of the web process."""
    return {
        "server.address": host,
        "server.port": port,
        "browser.serverAddress": host,
        "server.disconnectedSessionTTL": SESSION_KEPT_S,
        **QUIET,
        **theme_settings(),
    }


def main() -> None:
    """Serve until interrupted."""
    settings = get_settings()
    app.run(config=server_settings(settings.host, settings.port))


if __name__ == "__main__":
    main()
