"""Make the pictures of the README and of the handbook for staff from a running portal.

make run                                        # in one terminal
.venv/bin/python docs/screenshots.py            # in another; or with another address as argument

Staff pages are seen by an account that is made for it, in the database of the environment, and ended after.
So that quarantine has something to show, one post of the demonstration is held meanwhile. Pictures are kept
in few colours: they are part of every copy of this code.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pyotp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = "gambar-buku"
COLOURS = 48
IMAGES = Path(__file__).resolve().parent / "images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]
PAGES = [("home-1280-light", "/", "light"), ("activity-1280-dark", "/aktivitas#peta", "dark")]

STAFF = {
    "hari-ini": "/pantauan",
    "umpan": "/pantauan/umpan",
    "karantina": "/pantauan/karantina",
    "migrasi": "/pantauan/migrasi",
}
HELD_FOR = "Contoh untuk buku panduan: judul menyerupai iklan judi daring."
NEWEST = "from aggregator.models import Entry; print(Entry.objects.public().newest().first().pk)"


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
        held = manage("shell", "-v0", "-c", NEWEST).split()[-1]
        try:
            manage("quarantine_entry", held, "--reason", HELD_FOR, "--by", "petugas")
            page = look(browser, "light")
            shoot(page, f"{base}/masuk", "pantauan-masuk")
            sign_in(page, base, password)
            for name, path in STAFF.items():
                shoot(page, base + path, f"pantauan-{name}")
            page.goto(f"{base}/pantauan/karantina")
            page.locator("tbody th a").first.click()
            page.wait_for_load_state("networkidle")
            keep(page, "pantauan-kasus")
        finally:
            manage("release_entry", held, "--reason", "Contoh selesai.", "--by", "petugas")
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
    keep(page, name)


def keep(page: Page, name: str) -> None:
    picture = Image.open(BytesIO(page.screenshot()))
    few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(IMAGES / f"{name}.png", optimize=True)


def sign_in(page: Page, base: str, password: str) -> None:
    """With a password and a new authenticator, as the first time."""
    page.goto(f"{base}/pantauan")
    page.get_by_label("Nama akun atau surel").fill(ACCOUNT)
    page.get_by_label("Sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    keep(page, "pantauan-faktor-kedua")
    page.get_by_label("Kode enam angka").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Pasang").click()
    page.get_by_role("link", name="Sudah saya simpan").click()


def manage(*command: str, said: str = "") -> str:
    ours = [sys.executable, str(ROOT / "manage.py"), *command]
    done = subprocess.run(ours, input=said, text=True, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own command line
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
