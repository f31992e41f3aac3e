"""Make the pictures of the README and of the handbook for staff from a running portal.

make run                                        # in one terminal
.venv/bin/python docs/screenshots.py            # in another; or with another address as argument

Staff pages are seen by an account that is made for it, in the database of the environment, and ended after.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = "gambar-buku"
IMAGES = Path(__file__).resolve().parent / "images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]
PAGES = [("home-1280-light", "/", "light"), ("activity-1280-dark", "/aktivitas#peta", "dark")]

STAFF = {"hari-ini": "/pantauan", "umpan": "/pantauan/umpan", "migrasi": "/pantauan/migrasi"}


def main(base: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium).")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, path, theme in PAGES:
            shoot(look(browser, theme), base + path, name)
        password = secrets.token_urlsafe(20)
        manage("create_staff", "--role", "admin", "--username", ACCOUNT, "--password-stdin", said=password)
        try:
            page = look(browser, "light")
            shoot(page, f"{base}/masuk", "pantauan-masuk")
            sign_in(page, base, password)
            for name, path in STAFF.items():
                shoot(page, base + path, f"pantauan-{name}")
        finally:
            manage(
                "shell",
                "-c",
                f"from portal.models import User; User.objects.get(username='{ACCOUNT}').delete()",
            )
        browser.close()


def look(browser: Browser, theme: str) -> Page:
    return browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=theme, locale="id-ID")  # type: ignore[arg-type]


def shoot(page: Page, address: str, name: str) -> None:
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


def sign_in(page: Page, base: str, password: str) -> None:
    """With a password and a new authenticator, as the first time."""
    page.goto(f"{base}/pantauan")
    page.get_by_label("Nama akun atau surel").fill(ACCOUNT)
    page.get_by_label("Sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    page.screenshot(path=IMAGES / "pantauan-faktor-kedua.png")
    page.get_by_label("Kode enam angka").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Pasang").click()
    page.get_by_role("link", name="Sudah saya simpan").click()


def manage(*command: str, said: str = "") -> None:
    ours = [sys.executable, str(ROOT / "manage.py"), *command]
    subprocess.run(ours, input=said, text=True, check=True)  # noqa: S603 - our own command line


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
