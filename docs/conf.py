"""Sphinx configuration. Pages are MyST Markdown; the reference comes out of the docstrings of the installed package."""

import runpy
from importlib.metadata import version as version_of
from pathlib import Path

project = "toposcope"
copyright = "2026, The toposcope authors"
version = release = version_of("toposcope")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "sphinx.ext.viewcode"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = f"toposcope {version}"
# No fonts or scripts from elsewhere: the pages open offline, but for formulas, which are typeset in the browser.
html_static_path: list[str] = []

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
# Attributes are part of the class's own text: a dataclass's fields would be described twice otherwise.
napoleon_use_ivar = True
# Words in the types of parameters, such as n_dims in "of shape (n_points, n_dims)", are not references.
suppress_warnings = ["ref.python"]


def setup(app):
    """Draw the gallery's pictures before its page is read."""
    app.connect(
        "builder-inited", lambda app: runpy.run_path(Path(app.srcdir) / "gallery" / "make.py", run_name="__main__")
    )
