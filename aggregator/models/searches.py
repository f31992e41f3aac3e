"""What staff teach the search, and what the search tells staff: no reader's address, account or time of
day is kept, and the words of a question only once they have been asked often enough to be nobody's own."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Synonym(models.Model):
    """Words that say the same, one form a line; or that the built-in lists wrongly take for the same."""

    MOST_FORMS = 12
    MOST_WORDS = 8  # of one form

    forms = models.TextField(
        _("padanan"),
        help_text=_("Satu bentuk tiap baris, misalnya singkatan, kepanjangannya, dan nama lama."),
    )
    is_off = models.BooleanField(
        _("bukan padanan"),
        default=False,
        help_text=_("Centang bila bentuk-bentuk ini justru tidak boleh dianggap sama."),
    )
    note = models.CharField(_("catatan"), max_length=200, blank=True)
    changed_by = models.CharField(_("diubah oleh"), max_length=150, blank=True, editable=False)
    changed_at = models.DateTimeField(_("diubah"), auto_now=True)

    class Meta:
        verbose_name = _("padanan kata")
        verbose_name_plural = _("padanan kata")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return (" ≠ " if self.is_off else " = ").join(self.lines)

    @property
    def lines(self) -> list[str]:
        return [line for raw in self.forms.splitlines() if (line := " ".join(raw.split()))]

    def clean(self) -> None:
        lines = self.lines
        if len({line.lower() for line in lines}) < 2:
            raise ValidationError({"forms": _("Tulislah sedikitnya dua bentuk yang berbeda.")})
        if len(lines) > self.MOST_FORMS:
            raise ValidationError({"forms": _("Paling banyak %(most)d bentuk.") % {"most": self.MOST_FORMS}})
        for line in lines:
            if len(line.split()) > self.MOST_WORDS:
                raise ValidationError(
                    {
                        "forms": _("“%(line)s” lebih dari %(most)d kata.")
                        % {"line": line, "most": self.MOST_WORDS}
                    }
                )


class SearchDay(models.Model):
    """How searches on the page went on one day (WIB). Answers given out again from memory do not count."""

    day = models.DateField(unique=True)
    searches = models.PositiveIntegerField(default=0)  # with words
    empty = models.PositiveIntegerField(default=0)  # nothing found, not even something near
    respelled = models.PositiveIntegerField(default=0)  # answered by a better spelling
    widened = models.PositiveIntegerField(default=0)  # answered by posts with most of the words
    partial = models.PositiveIntegerField(default=0)  # ended by the clock
    degraded = models.PositiveIntegerField(default=0)  # answered without an index
    slow = models.PositiveIntegerField(default=0)  # over SLOW_MS
    milliseconds = models.PositiveBigIntegerField(default=0)  # of all of them together

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.searches}"


class Unanswered(models.Model):
    """A question for which there was no post with all its words. `key` tells questions apart without
    saying them; `words` stay blank until SHOWN_FROM askings."""

    SHOWN_FROM = 3

    key = models.CharField(max_length=64, unique=True)
    words = models.CharField(max_length=120, blank=True)
    narrowed = models.CharField(max_length=300, blank=True)  # the other filters, as a query string
    times = models.PositiveIntegerField(default=0)
    is_empty = models.BooleanField(default=True)  # at the last asking there was not even something near
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["-times"], name="unanswered_often")]

    def __str__(self) -> str:
        return f"{self.words or self.key[:8]}: {self.times}"
