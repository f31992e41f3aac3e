"""Entries, their immutable revisions, and the keys by which a post is recognised again."""

from __future__ import annotations

from functools import lru_cache

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from aggregator.models.feeds import Feed
from aggregator.models.registry import Province, Satker, Stage, Topic
from aggregator.querysets import EntryQuerySet


class Entry(models.Model):
    """One post of a satker. Its public face is `public_revision`, and every public read goes through
    `Entry.objects.public()`."""

    class State(models.TextChoices):
        PENDING = "pending", _("menunggu")
        PUBLIC = "public", _("terbit")
        HELD = "held", _("ditahan")
        WITHDRAWN = "withdrawn", _("ditarik")

    class DateStatus(models.TextChoices):
        OK = "ok", _("jelas")
        MISSING = "missing", _("tidak ada tanggal")
        IMPOSSIBLE = "impossible", _("tanggal tidak jelas")
        FUTURE = "future", _("tanggal di masa depan")

    class Origin(models.TextChoices):
        UNDECIDED = "", _("belum ditentukan")
        OWN = "own", _("sendiri")
        CENTRAL = "central", _("muat ulang pusat")
        PROVINCE = "province", _("muat ulang provinsi")
        CHILD = "child", _("berita kabupaten/kota")
        PEER = "peer", _("muat ulang satker lain")

    # Keys that an index below begins with need none of their own (db_index): every new post pays for each.
    satker = models.ForeignKey(Satker, on_delete=models.PROTECT, related_name="entries", db_index=False)
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="entries")
    guid = models.CharField(max_length=1000)  # as published last; former ones live on as EntryKey
    url = models.CharField(max_length=2000, blank=True)  # as published last
    content_sha256 = models.CharField(max_length=64)  # of the newest revision, public or not
    revisions_count = models.PositiveSmallIntegerField(default=1)

    state = models.CharField(_("keadaan"), max_length=9, choices=State.choices, default=State.PENDING)
    public_revision = models.OneToOneField(
        "Revision", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(_("terbit"))  # the site's claim where usable, else first_seen_at
    date_status = models.CharField(max_length=10, choices=DateStatus.choices, default=DateStatus.OK)
    first_seen_at = models.DateTimeField(_("pertama terlihat"))
    last_seen_at = models.DateTimeField(_("terakhir di umpan"))
    released_at = models.DateTimeField(
        _("dilepas"), null=True, blank=True
    )  # became public; feeds order by it
    withdrawn_at = models.DateTimeField(_("ditarik"), null=True, blank=True)
    publish_after = models.DateTimeField(null=True, blank=True)  # pending until then: delay or future date
    is_import = models.BooleanField(default=False)  # first import or backfill: neither pushed nor mailed
    gone_at = models.DateTimeField(_("halaman asal hilang"), null=True, blank=True)
    page_checked_at = models.DateTimeField(null=True, blank=True)
    page_misses = models.PositiveSmallIntegerField(default=0)  # in a row: how often the page was not there

    story = models.ForeignKey(
        "Story", on_delete=models.SET_NULL, null=True, blank=True, related_name="entries", db_index=False
    )
    is_lead = models.BooleanField(default=True)  # the one its story is shown by; true when it has no story
    carriers = models.PositiveSmallIntegerField(default=0)  # on a lead: other satker that carry the story
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.UNDECIDED, blank=True)

    topics = models.ManyToManyField(Topic, through="EntryTopic", related_name="entries")
    stage = models.ForeignKey(
        Stage, on_delete=models.SET_NULL, null=True, blank=True, related_name="entries", db_index=False
    )
    stage_rule = models.CharField(max_length=200, blank=True)  # why; "staff" is never overwritten
    event_on = models.DateField(_("tanggal kegiatan"), null=True, blank=True)
    clustered_at = models.DateTimeField(null=True, blank=True)  # null: cluster has it to do
    classified_at = models.DateTimeField(null=True, blank=True)  # null: classify has it to do

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("berita")
        verbose_name_plural = _("berita")
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="entry_newest"),
            models.Index(fields=["satker", "-published_at", "-id"], name="entry_satker"),
            models.Index(fields=["province", "-published_at", "-id"], name="entry_province"),
            models.Index(
                fields=["stage", "-published_at", "-id"], name="entry_stage", condition=Q(stage__isnull=False)
            ),
            models.Index(fields=["state", "-released_at", "-id"], name="entry_released"),
            # Feeds are in order of release: without these an old stage's walked through all newer posts.
            models.Index(fields=["satker", "-released_at", "-id"], name="entry_satker_released"),
            models.Index(fields=["province", "-released_at", "-id"], name="entry_province_released"),
            models.Index(
                fields=["stage", "-released_at", "-id"],
                name="entry_stage_released",
                condition=Q(stage__isnull=False),
            ),
            models.Index(fields=["publish_after"], name="entry_waiting", condition=Q(state="pending")),
            models.Index(fields=["story"], name="entry_story", condition=Q(story__isnull=False)),
            models.Index(
                fields=["satker", "page_checked_at"], name="entry_page_check", condition=Q(state="public")
            ),
            models.Index(fields=["id"], name="entry_to_cluster", condition=Q(clustered_at__isnull=True)),
            models.Index(fields=["id"], name="entry_to_classify", condition=Q(classified_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.guid

    @property
    def slug(self) -> str:
        """Readable tail of the address, from the public title only."""
        return _slug(self.public_revision.title if self.public_revision else "")

    def get_absolute_url(self) -> str:
        return f"/berita/{self.pk}/{self.slug}"

    @property
    def is_corrected(self) -> bool:
        """Whether the version shown took the place of one that was public before."""
        revision = self.public_revision
        return bool(
            revision and revision.public_at and self.released_at and revision.public_at > self.released_at
        )

    @property
    def has_clear_date(self) -> bool:
        return self.date_status in (self.DateStatus.OK, self.DateStatus.FUTURE)


@lru_cache(maxsize=4096)
def _slug(title: str) -> str:
    """Kept: a list asks for each twice, and the newest posts stand on many pages."""
    return slugify(title)[:80].strip("-") or "berita"


class EntryKey(models.Model):
    """One way to recognise a post. guid and link may both change; the rows stay and keep the history.

    `key` is a hash (32 hex digits) of the value; uniqueness over (satker, kind, key) is what makes two
    workers at once, or one task twice, store one entry.
    """

    class Kind(models.TextChoices):
        GUID = "guid", "guid"
        LINK = "link", "link"
        CONTENT = "content", "content"  # title, day and body: recognises a post whose guid and link changed

    satker = models.ForeignKey(Satker, on_delete=models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    key = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("kunci berita")
        verbose_name_plural = _("kunci berita")
        constraints = [models.UniqueConstraint(fields=["satker", "kind", "key"], name="entrykey_unique")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class Revision(models.Model):
    """One immutable version of an entry. Only `state`, `public_at` and, when the same words move to another
    address of the site, `url` ever change."""

    class State(models.TextChoices):
        PENDING = "pending", _("menunggu")
        PUBLIC = "public", _("terbit")
        HELD = "held", _("ditahan")
        SUPERSEDED = "superseded", _("digantikan")

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    seen_at = models.DateTimeField(default=timezone.now)
    public_at = models.DateTimeField(null=True, blank=True)

    url = models.CharField(max_length=2000, blank=True)
    title = models.CharField(max_length=500)
    author = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)  # plain text, one paragraph
    content_html = models.TextField(blank=True)  # sanitised by clean; the one field templates may mark safe
    text = models.TextField(blank=True)  # plain text of the body
    categories = models.JSONField(default=list)  # of str
    enclosures = models.JSONField(default=list)  # of {"url", "media_type", "length"}
    image_url = models.CharField(max_length=2000, blank=True)
    language = models.CharField(max_length=12, blank=True)
    published_claimed = models.CharField(max_length=100, blank=True)
    updated_claimed_at = models.DateTimeField(null=True, blank=True)
    content_sha256 = models.CharField(max_length=64)
    signals = models.JSONField(default=list)  # of str: what clean had to take out

    class Meta:
        ordering = ["entry", "number"]
        verbose_name = _("versi")
        verbose_name_plural = _("versi")
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="revision_unique")]
        indexes = [models.Index(fields=["id"], name="revision_to_screen", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.title} (v{self.number})"


class EntryTopic(models.Model):
    """A topic of an entry, with the rule that gave it or the person who did."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="entry_topics", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+", db_index=False)
    score = models.FloatField(default=0)
    rule = models.CharField(max_length=300, blank=True)
    by_staff = models.BooleanField(default=False)  # given by a person: classify leaves it alone
    removed = models.BooleanField(default=False)  # taken away by a person: stays away after reclassify

    class Meta:
        ordering = ["-score", "topic"]
        verbose_name = _("topik berita")
        verbose_name_plural = _("topik berita")
        constraints = [models.UniqueConstraint(fields=["entry", "topic"], name="entrytopic_unique")]
        indexes = [
            models.Index(fields=["topic", "-entry"], name="entrytopic_topic", condition=Q(removed=False))
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.topic_id}"
