"""Staff pages in a real browser: the way in with a second factor, deciding, and how every page looks."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from aggregator import decide
from aggregator.models import Entry, Feed, FetchLog, Gap, Quarantine, Revision, Satker, SatkerHost, SatkerMove
from portal.models import User
from portal.monitoring import audit, provider_talk
from portal.monitoring.models import Identity, MigrationPlan, SiteCheck
from tests.browser.conftest import SHOTS, agree
from tests.factories import make_entry
from tests.portal.monitoring.identity_provider import IdentityProvider
from tests.small_news import LONG_TITLE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("news"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

PASSWORD = "sandi panjang sekali"
SPAM = "Slot gacor hari ini <script>alert(1)</script> maxwin"
PAGES = {
    "hari-ini": "/pantauan",
    "umpan": "/pantauan/umpan",
    "umpan-satu": "/pantauan/umpan/{feed}",
    "calon": "/pantauan/umpan/calon",
    "migrasi": "/pantauan/migrasi",
    "migrasi-satu": "/pantauan/migrasi/{code}",
    "karantina": "/pantauan/karantina",
    "kasus": "/pantauan/karantina/{case}",
    "satker": "/pantauan/satker/{code}",
    "berita": "/pantauan/berita/{entry}",
    "klasifikasi": "/pantauan/klasifikasi",
    "duplikat": "/pantauan/duplikat",
    "cerita": "/pantauan/duplikat/{story}",
    "catatan": "/pantauan/catatan",
    "petugas": "/pantauan/petugas",
    "akun": "/pantauan/akun",
}


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin(transactional_db) -> User:
    user = User(username="ani@kpu.example", email="ani@kpu.example", role="admin", first_name="Ani Lestari")
    user.is_staff = user.is_superuser = True
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def busy(news, admin) -> dict[str, object]:
    """Something on every page."""
    now = timezone.now()
    satker = Satker.objects.get(code="7105")
    feed = Feed.objects.get(satker=satker)
    entry = make_entry(
        "KPU gelar rapat pleno terbuka", feed=feed, text="Rapat pleno berlangsung tertib. " * 20
    )
    bad = Revision.objects.create(
        entry=entry, number=2, state="held", title=SPAM, text="Daftar slot gacor. " + "Rapat pleno. " * 20,
        content_html='<p>Daftar <a href="https://slot.example">slot</a></p>', content_sha256="b" * 64,
    )  # fmt: skip
    signals = [
        {"code": "term_strong_title", "points": 6, "detail": "slot gacor"},
        {"code": "offlist_link", "points": 2, "detail": "slot.example"},
        {"code": "link_in_edit", "points": 3, "detail": "slot.example"},
    ]
    case = Quarantine.objects.create(entry=entry, revision=bad, points=11, signals=signals)
    for title in (LONG_TITLE, "Bonus new member 100%"):
        other = make_entry(title, feed=feed, public=False, state="held")
        other.revisions.update(state="held")
        Quarantine.objects.create(
            entry=other, revision=other.revisions.get(), points=7, signals=signals[:1], public_minutes=12
        )
    decide.hold_satker(satker, "budi@kpu.example", "situs tampak diretas")
    Feed.objects.filter(pk=feed.pk).update(
        error_code="tls", error_message="Sertifikat tidak sah: certificate has expired.", failures=7,
        moved_to="https://kab-baru.kpu.go.id/feed", moved_seen=2,
    )  # fmt: skip
    for number in range(12):
        failed = number < 7
        FetchLog.objects.create(
            feed=feed, started_at=now - timedelta(hours=number), outcome="failed" if failed else "fetched",
            error_code="tls" if failed else "", status=None if failed else 200, duration_ms=230,
        )  # fmt: skip
    Gap.objects.create(feed=feed, from_at=now - timedelta(days=3), to_at=now - timedelta(days=2), about=14)
    Feed.objects.create(satker=satker, url="https://kab-baru.kpu.go.id/rss", state="candidate", replaces=feed)
    SatkerHost.objects.create(
        satker=satker, hostname="kab-baru.kpu.go.id", state="proposed", reason="nama pola"
    )
    SatkerMove.objects.create(
        satker=satker, hostname="kab-sitaro.kpu.go.id", announced_by="ani", calm_until=now + timedelta(days=9)
    )
    for number, office in enumerate(Satker.objects.order_by("code")):
        Satker.objects.filter(pk=office.pk).update(
            migration_status=("K1", "K2", "K3", "M", "M!", "")[number % 6]
        )
    MigrationPlan.objects.create(satker=satker, target_on=now.date(), note="Menunggu data dari hosting lama.")
    SiteCheck.objects.create(
        satker=satker, hostname=satker.hostname, status=200, final_url=f"https://{satker.hostname}/",
        server="nginx", generator="WordPress 6.4", tls_version="TLSv1.3", tls_issuer="Let's Encrypt",
        tls_expires_at=now + timedelta(days=9), title="KPU Kabupaten",
    )  # fmt: skip
    audit.record("entry.release", "budi@kpu.example", thing=entry, reason="pelatihan, bukan judi")
    story = Entry.objects.get(pk=1).story_id
    return {"feed": feed.pk, "code": satker.code, "case": case.pk, "entry": entry.pk, "story": story}


def sign_in(page, url: str, user: User) -> None:
    """With a password and a new authenticator app, as the first time."""
    page.goto(f"{url}/pantauan")
    page.get_by_label("Nama akun atau surel").fill(user.username)
    page.get_by_label("Sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    page.screenshot(path=SHOTS / "pantauan-pasang.png", full_page=True)
    page.get_by_label("Kode enam angka").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Pasang").click()
    page.get_by_role("link", name="Sudah saya simpan").click()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_staff_page(browser, live_server, admin, busy, width, scheme):
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, live_server.url, admin)
    for name, path in PAGES.items():
        response = page.goto(live_server.url + path.format(**busy))
        assert response.status == 200, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == [], (name, found.generate_report())
        page.screenshot(path=SHOTS / f"pantauan-{name}-{width}-{scheme}.png", full_page=True)
    assert said == []
    context.close()


def test_k10_and_k12_an_officer_reads_the_signals_rejects_one_and_releases_another(
    browser, live_server, admin, busy
):
    """K10: signals with weights, the text escaped. K12: released with a reason that others read."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    agree(page)
    sign_in(page, live_server.url, admin)
    page.get_by_role("link", name="Karantina", exact=True).click()
    page.get_by_role("link", name="Slot gacor").click()
    assert "kata judi atau sejenisnya dalam judul" in page.locator("main").inner_text()
    assert SPAM in page.locator("h1").inner_text()
    assert page.locator(".preview a").count() == 0
    assert "gacor" in page.locator(".diff ins").all_inner_texts()[0]
    page.get_by_label("Alasan").fill("Sisipan iklan judi.")
    page.get_by_role("button", name="Tolak").click()
    assert "1 berita ditolak." in page.locator(".told").inner_text()
    assert "tidak pernah terbit lagi" in page.evaluate("sessionStorage.asked")
    page.goto(live_server.url + "/pantauan/karantina")
    page.get_by_role("checkbox", name="Rapat pleno terbuka").check()
    page.get_by_label("Alasan").fill("Berita lomba, bukan judi.")
    page.get_by_role("button", name="Lepas yang dipilih").click()
    assert "1 berita dilepas." in page.locator(".told").inner_text()
    page.goto(live_server.url + "/pantauan/catatan")
    assert "Berita lomba, bukan judi." in page.locator("main").inner_text()
    assert Entry.objects.public().filter(public_revision__title=LONG_TITLE).exists()
    assert Entry.objects.get(pk=busy["entry"]).public_revision.title == "KPU gelar rapat pleno terbuka"
    page.context.close()


def test_an_officer_comes_in_with_the_identity_provider_of_kpu(
    browser, live_server, admin, settings, monkeypatch
):
    """Two ports of loopback: to the provider and back, under the same content policy, then the same code."""
    monkeypatch.setattr(provider_talk, "SECONDS", 60.0)  # a busy machine is not a slow provider
    with IdentityProvider() as idp:
        settings.BASE_URL = live_server.url
        for name, value in idp.settings().items():
            setattr(settings, name, value)
        idp.person["email"] = admin.email
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{live_server.url}/pantauan/akun")
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button", name="Masuk dengan SSO Contoh").click()
        secret = page.locator(".secret code").inner_text().replace(" ", "")
        page.get_by_label("Kode enam angka").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Pasang").click()
        page.get_by_role("link", name="Sudah saya simpan").click()
        page.wait_for_url(f"{live_server.url}/pantauan/akun")
        assert said == []
        assert Identity.objects.get().user == admin
        stranger = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        idp.person |= {"sub": "99", "email": "tidak.dikenal@kpu.example"}
        stranger.goto(f"{live_server.url}/masuk")
        stranger.get_by_role("button", name="Masuk dengan SSO Contoh").click()
        stranger.get_by_role("heading", name="Akun belum terhubung").wait_for()
        assert Axe().run(stranger).response["violations"] == []
        page.context.close()
        stranger.context.close()
