"""Static files under names with the hash of their content, and packed, as browsers ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage


class PackedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A file's plain name is asked for by the page of a broken portal alone, so packing it under that too
    would take as long again at every start of `run`."""

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        asked = set(self.hashed_files.values())
        yield from super().compress_files([path for path in paths if path in asked])
