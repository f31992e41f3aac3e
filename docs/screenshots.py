"""Make the pictures of the README from a running portal.

make run                                        # in one terminal
.venv/bin/python docs/screenshots.py            # in another; or with another address as argument
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]
PAGES = [("home-1280-light", "/", "light"), ("activity-1280-dark", "/aktivitas#peta", "dark")]


def main(base: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium).")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, path, theme in PAGES:
            page = browser.new_page(
                viewport={"width": 1280, "height": 800}, color_scheme=theme, locale="id-ID"
            )
            page.goto(base + path, wait_until="networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
