"""The handbook as a site: `make docs` builds it into var/site. Its pages ask nothing of anybody else."""

project = "Portal berita KPU"
author = "KPU"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["images/*"]
suppress_warnings = ["toc.not_included"]  # pages that only others link to
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
html_theme = "alabaster"
html_title = "KPU news portal: handbook"
html_theme_options = {
    "description": "The national news portal of KPU",
    "fixed_sidebar": True,
    "page_width": "70rem",
    "show_powered_by": False,
}
html_copy_source = False
html_show_sourcelink = False
