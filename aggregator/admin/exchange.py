"""Satker as a file, by django-import-export: the same columns and the same checks as `load_registry`."""

from __future__ import annotations

from typing import Any

import tablib
from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, resources, widgets
from import_export.formats.base_formats import CSV
from import_export.forms import ImportForm
from import_export.instance_loaders import CachedInstanceLoader

from aggregator import registry
from aggregator.errors import RegistryError
from aggregator.models import Province, Satker
from aggregator.registry import reference
from aggregator.registry.export import feed_urls
from aggregator.registry.read import MAX_BYTES, OPTIONAL, REQUIRED, Row
from aggregator.registry.write import keep_host, write

MAX_SHOWN = 50  # bad lines named on one page


class RegistryFile(CSV):  # type: ignore[misc]
    """A registry file whose rows were checked: commas or semicolons, with or without a byte order mark."""

    def create_dataset(self, in_stream: str | bytes, **kwargs: Any) -> tablib.Dataset:
        data = in_stream if isinstance(in_stream, bytes) else in_stream.encode()
        sheet = registry.check(data)
        if sheet.rejected:
            raise RegistryError(_("Baris %d: %s") % sheet.rejected[0])
        return dataset(sheet.rows)


def dataset(rows: list[Row]) -> tablib.Dataset:
    """The rows as cells, with `rows` kept beside them for what is no field of Satker."""
    with_status = any(row.migration_status is not None for row in rows)
    table = tablib.Dataset(headers=[*REQUIRED, *(["migration_status"] if with_status else []), "feed_url"])
    for row in rows:
        cells = [getattr(row, name) for name in REQUIRED]
        cells = ["" if cell is None else str(cell) for cell in cells]
        table.append([*cells, *([row.migration_status] if with_status else []), " ".join(row.feed_urls)])
    table.checked_rows = rows
    return table


class RegistryImportForm(ImportForm):  # type: ignore[misc]
    """Names every bad line before anything is previewed."""

    import_file = forms.FileField(label=gettext_lazy("Berkas CSV"))

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise ValidationError(_("Berkas lebih besar dari %d MB.") % (MAX_BYTES // 1_000_000))
        try:
            sheet = registry.check(file.read())
        except RegistryError as error:
            raise ValidationError(error.message) from error
        file.seek(0)
        if sheet.rejected:
            named = [_("Baris %d: %s") % rejection for rejection in sheet.rejected[:MAX_SHOWN]]
            if (more := len(sheet.rejected) - MAX_SHOWN) > 0:
                named.append(_("… dan %d keberatan lain.") % more)
            raise ValidationError(named)
        return file


class PlainNumber(widgets.Widget):  # type: ignore[misc]
    """A number as files have it. The library's own widget follows the reader's language, in which 3.456
    is three thousand."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> float | None:
        return float(value) if value else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else repr(value)


class PlainDiff(resources.Diff):  # type: ignore[misc]
    """Whole values, old and new: the library colours single letters by styles that our CSP forbids."""

    def as_html(self) -> list[str]:
        pairs = zip(self.left, self.right, strict=False)
        return [
            format_html("<del>{}</del> <ins>{}</ins>", old, new)
            if old != new and not self.new
            else escape(new)
            for old, new in pairs
        ]


class Named(widgets.ForeignKeyWidget):  # type: ignore[misc]
    """What a cell names. Asked for once an import: a registry names 38 provinces 553 times."""

    def __init__(self, model: type[Province | Satker], field: str) -> None:
        super().__init__(model, field)
        self.met: dict[Any, Province | Satker] = {}

    def get_instance_by_lookup_fields(self, value: Any, row: Any, **kwargs: Any) -> Province | Satker:
        if value not in self.met:
            self.met[value] = super().get_instance_by_lookup_fields(value, row, **kwargs)
        return self.met[value]


class SatkerResource(resources.ModelResource):  # type: ignore[misc]
    parent = fields.Field(attribute="parent", column_name="parent_code", widget=Named(Satker, "code"))
    province = fields.Field(attribute="province", column_name="province", widget=Named(Province, "name"))
    latitude = fields.Field(attribute="latitude", column_name="latitude", widget=PlainNumber())
    longitude = fields.Field(attribute="longitude", column_name="longitude", widget=PlainNumber())
    feed_url = fields.Field(column_name="feed_url", readonly=True)

    class Meta:
        model = Satker
        import_id_fields = ("code",)
        fields = (*(name for name in REQUIRED if name != "parent_code"), "parent", *OPTIONAL)
        import_order = export_order = ("code", "parent", *REQUIRED[2:], *OPTIONAL)
        instance_loader_class = CachedInstanceLoader
        skip_unchanged = True
        report_skipped = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed_urls: dict[int, list[str]] = {}

    @classmethod
    def get_diff_class(cls) -> type[PlainDiff]:
        return PlainDiff

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("parent", "province")

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("parent", "province")

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        reference.ensure()
        for name in ("parent", "province"):
            self.fields[name].widget.met.clear()

    def before_export(self, queryset: Any, **kwargs: Any) -> None:
        self.feed_urls = feed_urls()

    def dehydrate_feed_url(self, satker: Satker) -> str:
        return " ".join(self.feed_urls.get(satker.pk, ()))

    def import_instance(self, instance: Satker, row: Any, **kwargs: Any) -> None:
        before = (instance.hostname, instance.hostname_evidence)
        super().import_instance(instance, row, **kwargs)
        if instance.pk:
            after = keep_host(before, (instance.hostname, instance.hostname_evidence))
            instance.hostname, instance.hostname_evidence = after

    def before_save_instance(self, instance: Satker, row: Any, **kwargs: Any) -> None:
        instance.slug = reference.slug(instance.name)

    def after_import(self, dataset: tablib.Dataset, result: Any, **kwargs: Any) -> None:
        """Hosts and feeds of the file, as `load_registry` writes them."""
        if not result.has_errors():
            write(dataset.checked_rows)
