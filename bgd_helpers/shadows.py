"""Files that a learner has named like a module: Python then imports them in its place."""

import os
import sys
from importlib.machinery import PathFinder

HARMLESS = {"test", "this", "antigravity"}  # modules of Python that nothing imports


def shadows(folder="."):
    """The files and packages of a folder that stand in the way of modules of Python or of what is installed."""
    elsewhere = [path for path in sys.path if path and os.path.realpath(path) != os.path.realpath(folder)]
    with os.scandir(folder) as entries:
        names = {entry.name: module_of(entry) for entry in entries}
    return sorted(name for name, module in names.items() if module and is_taken(module, elsewhere))


def module_of(entry):
    """The name by which an entry of a folder is imported, None if it is no source of Python."""
    stem, ending = os.path.splitext(entry.name)
    is_package = not ending and os.path.isfile(os.path.join(entry.path, "__init__.py"))
    return stem if ending == ".py" or is_package else None


def is_taken(module, elsewhere):
    """Whether Python or one of these folders has a module of that name."""
    return module not in HARMLESS and (
        module in sys.stdlib_module_names or PathFinder.find_spec(module, elsewhere) is not None
    )


def word(folder="."):
    """What to do about such files in a folder; "" if there are none, or if it cannot be read."""
    try:
        found = shadows(folder)
    except OSError:
        found = []
    return (
        ""
        if not found
        else (
            f"{', '.join(found)} in this folder: Python imports it in place of its own module of that name, and what "
            "needs that module breaks. Rename it (and remove __pycache__), then restart the kernel."
        )
    )
