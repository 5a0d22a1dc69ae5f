"""How Sphinx builds the documentation; `scripts/documentation` puts its pages together."""

from conformance import __version__

project = "SageMaker Processing conformance"
version = release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = project
# Words such as `--image` and quotes in them are to be copied as they stand.
smartquotes = False
html_copy_source = html_show_sourcelink = False
html_show_copyright = False
# Anchors of headings as GitHub makes them.
myst_heading_anchors = 4
# The README's table of checks has ids, and the generator's pages have the titles.
templates_path: list[str] = []
