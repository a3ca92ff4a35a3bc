"""Names that modules had: what notebooks of earlier versions import keeps working, until December 2027."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

FORMER = {
    "bgd_helpers.cli": "bgd_course.__main__",  # called by the command `bgd` of an older set-up
    "bgd_helpers.cluster": "bgd_helpers.scale.cluster",
    "bgd_helpers.exercises": "bgd_helpers.checks",
    "bgd_helpers.experiments": "bgd_helpers.lessons.experiments",
    "bgd_helpers.explorers.machinery": "bgd_helpers.pictures.explorer",
    "bgd_helpers.explorers.noise": "bgd_helpers.pictures.batch_noise",
    "bgd_helpers.figures.cluster": "bgd_helpers.pictures.plots",
    "bgd_helpers.figures.comparison": "bgd_helpers.pictures.plots",
    "bgd_helpers.figures.descent": "bgd_helpers.pictures.paths",
    "bgd_helpers.figures.network": "bgd_helpers.pictures.plots",
    "bgd_helpers.figures.noise": "bgd_helpers.pictures.batch_noise",
    "bgd_helpers.handout": "bgd_helpers.lessons.handout",
    "bgd_helpers.museum": "bgd_helpers.pictures.museum",
    "bgd_helpers.nodelay": "bgd_course.nodelay",  # named in Jupyter's settings of an older set-up
    "bgd_helpers.pictures.evidence": "bgd_helpers.pictures.evidence_plots",
    "bgd_helpers.shards": "bgd_helpers.scale.shards",
}
ROOMS = {"bgd_helpers.explorers": "bgd_helpers.pictures", "bgd_helpers.figures": "bgd_helpers.pictures"}


class Finder:
    """Finds and loads former names; with that of a package, those of the modules in it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, Finder, is_package=name in ROOMS) if name != present(name) else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        """Put the present module in the place of an empty one; of a room, each module that is asked for."""
        name = module.__name__
        if name in ROOMS:
            module.__getattr__ = lambda part: _module_in(name, part)
        else:
            sys.modules[name] = import_module(present(name))


def _module_in(room, part):
    """The module of that name in a former room. Raises AttributeError where there is none, as any module does."""
    try:
        return import_module(f"{room}.{part}")
    except ModuleNotFoundError:
        raise AttributeError(f"module {room!r} has no attribute {part!r}") from None


def present(name):
    """What the module of that name is called now."""
    start, rest = name, ""
    while start:
        for names in (FORMER, ROOMS):
            if start in names:
                return names[start] + rest
        start, dot, last = start.rpartition(".")
        rest = dot + last + rest
    return name


def install():
    """Look former names up before any folder: of a room that has moved, an old one may be left."""
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
