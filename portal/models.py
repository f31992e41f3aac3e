"""People of KPU who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.monthly import *  # noqa: F403 - Django looks here for models


class User(AbstractUser):
    """A staff account. The role says what may be done, `satker` whose rows may be seen: a province's
    account sees its regencies, a satker's account itself, KPU-RI everything."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("admin KPU RI")
        VIEWER = "viewer", _("pemantau KPU RI")
        PROVINCE = "province", _("provinsi")
        SATKER = "satker", _("satker")

    role = models.CharField(_("peran"), max_length=8, choices=Role.choices, default=Role.SATKER)
    satker = models.ForeignKey(
        "aggregator.Satker", on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )

    class Meta:
        verbose_name = _("akun petugas")
        verbose_name_plural = _("akun petugas")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["admin", "viewer"]) | Q(satker__isnull=False) | Q(is_superuser=True),
                name="user_scope_needs_satker",
            )
        ]


class DayCount(models.Model):
    """How many public posts of one province on one day (WIB), alike in stage and origin. Derived: see
    portal/daily.py. `province` is null for the national office, `day` for posts without a clear date.
    Keys have no index of their own where another begins with them; where rows are of topics, that of days
    holds these too: by days alone PostgreSQL read all topics to find one."""

    province = models.ForeignKey(
        "aggregator.Province", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField(null=True)
    stage = models.ForeignKey(
        "aggregator.Stage", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    origin = models.CharField(max_length=8, blank=True)
    posts = models.PositiveIntegerField()
    on_topic = models.PositiveIntegerField()  # of these, with at least one topic

    class Meta:
        indexes = [  # they cover their columns: years of these are summed for one page
            models.Index(
                fields=["day", "province", "stage", "origin", "posts", "on_topic"], name="daycount_day"
            ),
            models.Index(
                fields=["province", "day", "stage", "origin", "posts", "on_topic"], name="daycount_province"
            ),
            models.Index(
                fields=["stage", "day", "province", "origin", "posts", "on_topic"], name="daycount_stage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.province_id}: {self.posts}"


class TopicCount(models.Model):
    """How many public posts of the whole nation are on one topic on one day (WIB). Derived; `day` is null
    for posts without a clear date."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+")
    day = models.DateField(null=True)
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day", "topic", "posts"], name="topiccount_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id}: {self.posts}"


class PlaceCount(models.Model):
    """Dated public posts of one province on one day (WIB): all of them (`topic` is null), or those on one
    topic. `own` are the offices' own, `on_topic` of these on at least one topic, `decided` all of known
    origin. Derived."""

    topic = models.ForeignKey(
        "aggregator.Topic", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    province = models.ForeignKey(
        "aggregator.Province", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField()
    posts = models.PositiveIntegerField()
    own = models.PositiveIntegerField()
    on_topic = models.PositiveIntegerField()
    decided = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "topic"], name="placecount_day"),
            models.Index(
                fields=["topic", "day", "province", "posts", "own", "on_topic", "decided"],
                name="placecount_topic",
            ),
            models.Index(fields=["province", "day", "topic", "posts"], name="placecount_province"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id} {self.province_id}: {self.posts}"


class StageCount(models.Model):
    """Dated public posts of one stage (null: of none) on one day (WIB): all, or those on one topic.
    Derived."""

    topic = models.ForeignKey(
        "aggregator.Topic", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    stage = models.ForeignKey(
        "aggregator.Stage", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "topic"], name="stagecount_day"),
            models.Index(fields=["topic", "day", "stage", "posts"], name="stagecount_topic"),
            models.Index(fields=["stage", "day", "topic", "posts"], name="stagecount_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id} {self.stage_id}: {self.posts}"


class HourCount(models.Model):
    """Dated public posts of one day (WIB) in one hour of the week, on the clocks of each office: hours since
    its Monday 00.00. All, or those on one topic. Derived."""

    topic = models.ForeignKey(
        "aggregator.Topic", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "topic"], name="hourcount_day"),
            models.Index(fields=["topic", "day", "hour", "posts"], name="hourcount_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id} {self.hour}: {self.posts}"


class PairCount(models.Model):
    """Dated public posts of one day (WIB) that are on both topics; also of a topic with itself. Derived."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "topic"], name="paircount_day"),
            models.Index(fields=["topic", "day", "other", "posts"], name="paircount_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id} {self.other_id}: {self.posts}"


class OfficeCount(models.Model):
    """Dated public posts of one office on one day (WIB). `own` and `on_topic` as in PlaceCount, `last_at` the
    newest. Derived."""

    office = models.ForeignKey(
        "aggregator.Satker", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    posts = models.PositiveIntegerField()
    own = models.PositiveIntegerField()
    on_topic = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="officecount_day"),
            models.Index(
                fields=["office", "day", "posts", "own", "on_topic", "last_at"], name="officecount_office"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.office_id}: {self.posts}"


class OfficeTopicCount(models.Model):
    """Dated public posts of one office on one topic on one day (WIB). Derived."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    office = models.ForeignKey(
        "aggregator.Satker", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day", "topic"], name="officetopiccount_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.topic_id} {self.office_id}: {self.posts}"


class Counted(models.Model):
    """On which day a public post is counted, so that a post that moves is taken from its former day."""

    entry = models.OneToOneField(
        "aggregator.Entry", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    day = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["entry"], name="counted_undated", condition=Q(day__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.day}"


class CountState(models.Model):
    """How far the daily counts have followed the change sequence. `epoch` as in PortalState."""

    epoch = models.CharField(max_length=36)
    xact = models.BigIntegerField(default=0)
    number = models.BigIntegerField(default=0)
    is_whole = models.BooleanField(default=False)  # false while the counts are being built anew

    def __str__(self) -> str:
        return f"{self.xact}/{self.number}"


class SavedSearch(models.Model):
    """A search that a staff account keeps at hand: a name for an address of `/cari`."""

    MOST = 50  # of one account

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("nama"), max_length=80)
    query = models.CharField(max_length=2000)  # canonical, as Filters.query_string gives it
    created_at = models.DateTimeField(auto_now_add=True)
    looked_at = models.DateTimeField(null=True)  # when its account last opened it from the list

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "query"], name="savedsearch_once")]

    def __str__(self) -> str:
        return self.name


class Attempt(models.Model):
    """How often an address tried something that is guarded within a window of time: see portal/limits.py.
    The address itself is not kept."""

    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=32)  # a keyed digest
    window = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "window", "address"], name="attempt_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.window}: {self.count}"


class BulkMonth(models.Model):
    """The file of all public posts of one month (WIB): see portal/bulk.py."""

    month = models.CharField(max_length=7, unique=True)  # YYYY-MM
    entries = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)  # since then the file is behind
    is_withheld = models.BooleanField(default=False)  # a post in it was withdrawn: not given out

    def __str__(self) -> str:
        return self.month


class ApiKey(models.Model):
    """Allows its holder more requests of the API a minute. Only a digest of the key is kept."""

    name = models.CharField(_("pemegang"), max_length=120)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256
    per_minute = models.PositiveIntegerField(_("permintaan per menit"), default=6000)
    is_active = models.BooleanField(_("aktif"), default=True)
    created_at = models.DateTimeField(_("dibuat"), auto_now_add=True)

    class Meta:
        verbose_name = _("kunci API")
        verbose_name_plural = _("kunci API")

    def __str__(self) -> str:
        return self.name


class Kind(models.Model):
    """A kind of own activity on a topic, by whose headlines it is told. Derived: see portal/inspiration.py.
    `examples` are ids of posts, that of the office that began first."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    posts = models.PositiveIntegerField()
    offices = models.PositiveIntegerField()
    words = models.JSONField(default=list)
    examples = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["topic", "-first_at"], name="kind_newest")]

    def __str__(self) -> str:
        return f"{self.topic_id}: {' '.join(self.words)}"


class ErrorReport(models.Model):
    """A reader says that something about a post is wrong. `contact` is kept only until it is settled."""

    class Subject(models.TextChoices):
        TEXT = "text", _("isi atau judul tidak sama dengan situs asal")
        LINK = "link", _("tautan atau lampiran tidak dapat dibuka")
        DATE = "date", _("tanggal atau kantornya salah")
        LABEL = "label", _("topik atau tahapannya salah")
        HACKED = "hacked", _("tampak seperti hasil peretasan")
        OTHER = "other", _("hal lain")

    class State(models.TextChoices):
        NEW = "new", _("baru")
        FIXED = "fixed", _("diperbaiki")
        DISMISSED = "dismissed", _("tidak ada kesalahan")

    entry = models.ForeignKey("aggregator.Entry", on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(_("tentang"), max_length=6, choices=Subject.choices)
    message = models.TextField(_("keterangan"), max_length=1000, blank=True)
    contact = models.EmailField(_("surel pelapor"), blank=True)
    created_at = models.DateTimeField(_("masuk"), auto_now_add=True)
    state = models.CharField(_("keadaan"), max_length=9, choices=State.choices, default=State.NEW)
    note = models.CharField(_("catatan"), max_length=500, blank=True)
    settled_by = models.CharField(_("oleh"), max_length=150, blank=True)
    settled_at = models.DateTimeField(_("selesai"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("laporan kesalahan")
        verbose_name_plural = _("laporan kesalahan")
        indexes = [models.Index(fields=["state", "-created_at"], name="errorreport_queue")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_subject_display()}"

    def settle(self, state: str, by: str, note: str = "") -> None:
        """Say what came of it; the address of who told us is forgotten."""
        self.state, self.note, self.contact = state, note[:500], ""
        self.settled_by, self.settled_at = by, timezone.now()
        self.save()
