"""Helpers for a course on gradient descent and backpropagation: `import bgd_helpers as bgd`.

What the notebooks call is a name of this package, loaded on first use: __init__.pyi lists them, as `bgd.` and Tab does.

Legend (the notation of the course, used in every mathematical function):

    X, Y           inputs N x d_0, targets N x d_L; always 2-D, one row an example
    theta          parameters: a list of (W, b) pairs, theta[k - 1] is layer k
    W, b           W[i, j] leads from unit i of layer k-1 to unit j of layer k; b[j] is its bias
    A, Z           pre-activations A = Z_prev @ W + b and activations Z = f(A), N x d_k
    delta          dE_n/dA, one row an example, without the 1/N
    dW, db         dJ/dW and dJ/db: d + name is always the derivative of the cost J
    E_n, J         loss of one example (sum over outputs, no 1/2), cost (mean over examples)
    eta, t         learning rate, number of the update
    N, batch_size  number of examples, examples in one update

Two extra axes may stand in front of a parameter: a time axis in a recorded path, and a run axis
where several learning rates advance together. NumPy's broadcasting carries both.
"""

import importlib
import os
import sys

import lazy_loader

from bgd_helpers import former
from bgd_helpers.magic import derive_first

__version__ = "2026.11.1"

__getattr__, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)
former.install()

if "" in sys.path:  # in a kernel, the learner's folder goes before everything else
    from bgd_helpers import shadows

    if word := shadows.word():
        print(word, file=sys.stderr)


def _derive(line, cell):
    from IPython.core.error import UsageError

    from bgd_helpers.checks.derive import derive

    if live := _live():
        live.send({"run": True})
    try:
        return derive(line, cell)
    except ValueError as error:
        raise UsageError(str(error)) from None  # which is told without a traceback


def _live(*_):
    """What judges the lines of %%derive as they are typed; None before there are widgets, and elsewhere than in
    JupyterLab, Notebook or JupyterLite: they alone say with a cell which ones were deleted."""
    kernel = getattr(sys.modules["IPython"].get_ipython(), "kernel", None)
    if "anywidget" in sys.modules and kernel and "deletedCells" in kernel.get_parent().get("metadata", ()):
        return importlib.import_module("bgd_helpers.pictures.live").live()


if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):  # in a kernel: the cells of %%derive
    shell.register_magic_function(_derive, "cell", "derive")
    shell.input_transformers_cleanup.insert(0, lambda lines: derive_first("".join(lines)).splitlines(keepends=True))
    shell.events.register("post_run_cell", _live)
    if "JPY_SESSION_NAME" in os.environ:  # a prompt that runs again is without its guess, and may be saved so
        importlib.import_module("bgd_helpers.lessons.predictions").remember()
