"""Static files are packed under the names that pages ask for."""

from __future__ import annotations

from pathlib import Path

from portal.packed import PackedFiles


def test_the_name_that_pages_use_is_packed_and_the_plain_one_is_there_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("body { margin: 0 }\n" * 100)
    storage = PackedFiles(location=tmp_path, base_url="/static/")
    list(storage.post_process({"site.css": (storage, "site.css")}))
    used = storage.stored_name("site.css")
    assert used != "site.css"
    assert {path.name for path in tmp_path.iterdir()} == {
        *("site.css", "staticfiles.json"),
        *(used + ending for ending in ("", ".br", ".gz")),
    }
