"""Pictures of what a test saw, for looking at them: `./dispatch browser-test --screenshots DIR` says where they go."""

import os
from pathlib import Path

from playwright.sync_api import Page


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page as NAME.png in the folder that `DISPATCH_SCREENSHOTS` names, if it does."""
    place = os.environ.get("DISPATCH_SCREENSHOTS")
    if place:
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)
