"""Names that modules had: what notebooks of earlier versions import keeps working, until December 2027."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

FORMER = {
    "bgd_helpers.cli": "bgd_course.__main__",  # called by the command `bgd` of an older set-up
    "bgd_helpers.cluster": "bgd_helpers.scale.cluster",
    "bgd_helpers.exercises": "bgd_helpers.checks",
    "bgd_helpers.experiments": "bgd_helpers.lessons.experiments",
    "bgd_helpers.handout": "bgd_helpers.lessons.handout",
    "bgd_helpers.nodelay": "bgd_course.nodelay",  # named in Jupyter's settings of an older set-up
    "bgd_helpers.shards": "bgd_helpers.scale.shards",
}


class Finder:
    """Finds and loads former names; with that of a package, those of the modules in it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, Finder) if name != present(name) else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        """Put the present module in the place of an empty one."""
        sys.modules[module.__name__] = import_module(present(module.__name__))


def present(name):
    """What the module of that name is called now."""
    parts = name.split(".")
    former = ".".join(parts[:2])
    return ".".join([FORMER.get(former, former), *parts[2:]])


def install():
    """Look former names up before any folder: of a room that has moved, an old one may be left."""
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
