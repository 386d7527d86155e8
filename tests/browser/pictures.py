"""Pictures of pages, for people to look at."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Error, Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / "artifacts" / "screenshots"
#: Attempts: on a busy machine Chromium may refuse one while it starts drawing.
ATTEMPTS = 4


def take_picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Save a picture as ``artifacts/screenshots/<name>.png``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    for _ in range(ATTEMPTS - 1):
        try:
            page.screenshot(path=path, full_page=full_page)
        except Error:
            page.wait_for_timeout(1_000)
        else:
            return
    page.screenshot(path=path, full_page=full_page)
