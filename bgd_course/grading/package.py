"""The package that a graded kernel gets: what an exercise asks for refuses to run, and what only draws does nothing."""

import ast
from pathlib import Path

import bgd_helpers

ASKED = {
    "network": "output_delta hidden_delta weight_gradient bias_gradient backprop deltas backprop_index "
    "example_gradients gradient_of",
    "scale.rows": "backprop_by_rows _add_rows",
    "descent": "update _update batches _batches_of descend",
    "theory": "batch_variance",
    "lessons.experiments": "variance_by_enumeration best_at",
    "scale.shards": "gradient_over gradient_over_all weighted_mean",
    "gradcheck": "central_difference one_sided_difference complex_step errors_against_step _entrywise",
}
KEPT: tuple[str, ...] = ("__init__.py", "__init__.pyi", "former.py", "data.py", "inputs.py", "parameters.py")
KEPT += ("checks/exhibits.py", "checks/lines.py", "checks/observing.py", "checks/outcomes.py", "checks/protocol.py")
KEPT += ("checks/shell.py", "checks/tracing.py")
KEPT += ("scale/__init__.py", "scale/timings.py", "lessons/__init__.py", "lessons/handout.py")
REFUSAL = """

def _refuse(name):
    from bgd_helpers.checks.refused import NotAllowed

    raise NotAllowed(f"{name} is what an exercise asks for, and is not there when it is graded: write it yourself")
"""
REFUSED = '''"""What a function says that an exercise asks for."""


class NotAllowed(RuntimeError):
    """An answer called the function that it should be."""
'''
NOTHING = '''"""What draws, checks or repeats an experiment does nothing while an answer is graded; it says so where its
value is needed."""


import dis
import sys


class Nothing:
    def __init__(self, what):
        self.__dict__["what"] = what

    def __getattr__(self, name):
        if name.startswith("__") or name.startswith("_ipython") or name.startswith("_repr"):
            raise AttributeError(name)
        return self

    __array_ufunc__ = None

    def __bool__(self):
        return True

    def __format__(self, how):
        return ""

    def __setitem__(self, key, value):
        pass

    def __call__(self, *arguments, **named):
        return self

    def __iter__(self):
        """As many of it as names wait for them, figure, axes = ...; none for a loop."""
        caller = sys._getframe(1)
        code, at = caller.f_code.co_code, caller.f_lasti
        does = dis.opname[code[at]] if at >= 0 else ""
        if does not in ("UNPACK_SEQUENCE", "GET_ITER"):
            has_no_value(self)
        return iter([self] * (code[at + 1] if does == "UNPACK_SEQUENCE" else 0))

    def __getitem__(self, key):
        return self

    def __repr__(self):
        return ""


def has_no_value(nothing, *others, **named):
    from bgd_helpers.checks.refused import NotAllowed

    raise NotAllowed(f"{nothing.what} draws, checks or repeats an experiment: it has no value when an answer is graded")


for name in (
    "add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg pos abs round "
    "lt le gt ge len int float complex index contains array"
).split():
    setattr(Nothing, f"__{name}__", has_no_value)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Nothing(f"{__name__}.{name}")
'''

PREDICTIONS = f"""{NOTHING}

def predict(name, *former):
    from bgd_helpers import network

    return network.predict(name, *former) if former else Nothing("bgd.predict")
"""


def write(folder):
    """Write the graded package into `folder`, as folder/bgd_helpers."""
    source, target = Path(bgd_helpers.__file__).parent, Path(folder) / "bgd_helpers"
    for name in KEPT:
        _put(target / name, (source / name).read_text(encoding="utf-8"))
    for room, names in ASKED.items():
        name = f"{room.replace('.', '/')}.py"
        text = (source / name).read_text(encoding="utf-8")
        _put(target / name, without_bodies(text, room, set(names.split())))
    _put(target / "checks" / "refused.py", REFUSED)
    _put(target / "pictures" / "prediction_form.py", PREDICTIONS)
    for name in (path.relative_to(source) for path in source.rglob("*.py")):
        if not (target / name).exists():
            _put(target / name, NOTHING)
    for data in (source / "datasets").iterdir():
        if data.is_file() and data.suffix != ".py":
            (target / "datasets").mkdir(exist_ok=True)
            (target / "datasets" / data.name).write_bytes(data.read_bytes())


def _put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def without_bodies(text, room, names):
    """The module's source, in which the functions of these names refuse to run; none of their lines is left.

    Raises ValueError if a name is not there: the list of refusing functions is then out of date.
    """
    module = ast.parse(text)
    found = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    if names - set(found):
        raise ValueError(f"{room} has no {', '.join(sorted(names - set(found)))}")
    for name in names:
        refusal = f"_refuse('{room}.{name}')"
        found[name].body = ast.parse(refusal).body
    return ast.unparse(module) + REFUSAL
