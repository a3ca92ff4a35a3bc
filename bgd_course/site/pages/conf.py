"""Sphinx's settings for the book."""

project = "Gradient descent and backpropagation"
author = "The contributors to the course"
extensions = ["myst_nb"]
nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # tables in outputs, too
nb_code_prompt_show = "Show: {type}"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]  # widgets and predictions: their text stands beside them
html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_context = {"default_mode": "auto"}  # light or dark, as the system is
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    **{"use_download_button": False, "use_fullscreen_button": False, "show_toc_level": 2},
    "navbar_persistent": [],  # a second field to search in
}
mathjax_path = "mathjax/tex-chtml.js"  # of our own
mathjax3_config = {"options": {"enableMenu": False}}
