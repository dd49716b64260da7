"""How the documentation becomes a site: `make book` (Sphinx, MyST, Furo; nothing is loaded from outside)."""

project = "chiso"
author = "the maintainers of chiso"
project_copyright = "chiso, Apache-2.0"
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "chiso"
html_show_sphinx = False
html_copy_source = False
# Sphinx would stamp the day of the build: the same text gives the same bytes.
html_last_updated_fmt = None
