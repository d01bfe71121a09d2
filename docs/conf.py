"""How the site is built: make docs. What is drawn from the package itself is in ``pages.py``."""

import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault(
    "PYDEVD_DISABLE_FILE_VALIDATION", "1"
)  # the kernels of notebooks say nothing of debuggers
logging.getLogger("traitlets").setLevel(logging.WARNING)  # nor is each kernel announced

project = "Downslope"
html_title = "Downslope"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "pages",
]
exclude_patterns = ["_build"]
trim_doctest_flags = True
smartquotes = False  # --option keeps its dashes

# Markdown and notebooks; links and headings as on a page of GitHub
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block", "deflist"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_merge_streams = True
nb_execution_excludepatterns = []
if not find_spec("torch"):
    print("torch is not installed: tutorials/pytorch.ipynb is shown without its outputs")
    nb_execution_excludepatterns.append("tutorials/pytorch.ipynb")

# docstrings
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Point", "Validation", "FrozenNames")}
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
pygments_dark_style = "github-dark"
html_favicon = "../src/downslope/studio/page/icon.svg"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
