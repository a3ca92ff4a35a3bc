"""Submissions that cheat, break, or are merely unusual, each with the outcome that is honest.

Three exercises: `loss`, `update` and `weight_gradient`, in one notebook. What is unusual happens in the cell of
`update`; the other two are answered well and must stay right. A cheat must not be right; a fault may cost its own
exercise; variety costs nothing.
"""

import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

LOSS = "def loss(y, y_hat):\n    return ((y - y_hat) ** 2).sum()"
UPDATE = "def update(theta, gradient, eta):\n    return theta - eta * gradient"
WEIGHTS = "def weight_gradient(Z_prev, delta):\n    return Z_prev.T @ delta / len(delta)"
WRONG = "def update(theta, gradient, eta):\n    return theta + eta * gradient"
EXERCISES = {"loss": ("y, y_hat", LOSS), "update": ("theta, gradient, eta", UPDATE)}
EXERCISES["weight_gradient"] = ("Z_prev, delta", WEIGHTS)


def course():
    """The instructor's notebook of the three exercises."""
    imports = "import numpy as np\nimport bgd_helpers as bgd\nfrom bgd_helpers.checks import check"
    cells = [new_code_cell(imports, id="imports")]
    for number, (name, (_, answer)) in enumerate(EXERCISES.items()):
        head, body = answer.split("\n", 1)
        source = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells += [
            new_markdown_cell(f"Write `{name}`.", id=f"text-{number}"),
            new_code_cell(source, id=f"exercise-{name}"),
        ]
        points = {"nbgrader": {"grade": True, "grade_id": f"check-{name}", "points": number + 1}}
        check = "check" if name == "loss" else "bgd.check"
        cells.append(new_code_cell(f'{check}("{name}", {name})', id=f"check-{name}", metadata=points))
    return new_notebook(cells=cells)


def submission(update=UPDATE, loss=LOSS, weights=WEIGHTS):
    """A learner's notebook with these answers."""
    notebook = course()
    answers = {"exercise-loss": loss, "exercise-update": update, "exercise-weight_gradient": weights}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def before(code, answer=UPDATE):
    """An answer's cell that begins with other code."""
    return f"{code}\n{answer}"


def inside(code, then="return theta - eta * gradient"):
    """An update that does something else first."""
    body = "\n".join(f"    {line}" for line in [*code.splitlines(), then])
    return f"def update(theta, gradient, eta):\n{body}"


# Speaks in the place of its shell: the socket that leads out has this number in every kernel.
SPEAK = """import json, os, socket, threading, time
out = socket.socket(fileno=os.dup(3))
def say(reply):
    out.sendall(json.dumps(reply).encode() + b'\\n')
"""
# Answers every request with what a right answer would be called, and theta for a value.
IN_ITS_PLACE = """say({})
from bgd_helpers.checks import protocol
for line in out.makefile('rb'):
    if 'call' not in json.loads(line):
        say({})
        continue
    first, later = protocol.arguments(json.loads(line)['call']['cases'])
    found = [protocol.packed([[case[0]]]) for case in first + later]
    say({'values': ['seen', [True, [False] * len(first), found, found[:len(first)]]]})
"""
# Reports a second call that it does not make, and no change.
REPORT = """import bgd_helpers.checks.shell as shell
from bgd_helpers.checks.observing import Observation
from bgd_helpers.checks.outcomes import outcomes_of
def observe(answer, parameters, cases, read, later=()):
    found = outcomes_of(answer, cases, read)
    return Observation(True, [False] * len(cases), found + outcomes_of(answer, later, read), found)
shell.observe = observe
"""

# What gains a point without the right numbers: never "right".
CHEATS = {
    "calls the package": "from bgd_helpers import descent\n"
    + inside("", "return descent.update(theta, gradient, eta)"),
    "calls it by the front door": inside("", "return bgd.update(theta, gradient, eta)"),
    "calls it by a back door": "import importlib\nd = importlib.import_module('bgd_helpers.descent')\n"
    + inside("", "return d._update(theta, gradient, eta)"),
    "reads the package's source": "import glob, sys, ast\nfound = ''\nfor folder in sys.path + ['/']:\n"
    "    for name in glob.glob(folder + '/**/descent.py', recursive=True):\n        found += open(name).read()\n"
    "names = {}\nexec(found[found.index('def update'):].split('\\n\\n')[0], names)\nupdate = names['update']",
    "reads the solution from the disk": "import os\nupdate = None\nfor here, _, files in os.walk('/'):\n"
    "    for name in files:\n        if name.endswith(('.ipynb', '.json', '.xml', '.csv')):\n            try:\n"
    "                text = open(os.path.join(here, name)).read()\n            except OSError:\n                continue\n"
    "            if 'theta - eta * gradient' in text:\n                update = lambda theta, gradient, eta: theta - eta * gradient",
    "an object equal to everything": "class Same:\n    def __eq__(self, other): return True\n"
    "    def __array__(self, *a, **k): return self\n    shape = ()\n" + inside("", "return Same()"),
    "an array that lies": "class Lie(np.ndarray):\n    def __eq__(self, other): return np.True_\n"
    "    def __sub__(self, other): return np.zeros(1)\n    def __array_ufunc__(self, *a, **k): return np.zeros(1)\n"
    + inside("", "return np.array(theta).view(Lie)"),
    "a subclass of float": "class F(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n"
    + inside("", "return F(1)"),
    "NaN": inside("", "return theta * np.nan"),
    "infinity": inside("", "return theta + np.inf"),
    "a pickle that runs": "class P:\n    def __reduce__(self):\n        return eval, ('1/0',)\n"
    + inside("", "return P()"),
    "comparison replaced": before(
        "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\nnp.abs = lambda x: 0 * x", WRONG
    ),
    "assert made empty": "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n"
    "get_ipython().ast_transformers.append(T())\n" + WRONG,
    "print replaced": before("import builtins\nbuiltins.print = lambda *a, **k: None", WRONG),
    "check replaced": before("check = lambda *a: 'right'\nimport bgd_helpers.checks as e\ne.check = check", WRONG),
    "values replaced": before(
        "import bgd_helpers.checks.shell as s\ns.values = lambda *a, **k: ['seen', [True, [], [], []]]", WRONG
    ),
    "a verdict instead of values": before(
        "import bgd_helpers.checks.shell as s\ns.values = lambda *a, **k: ['right']", WRONG
    ),
    "packing replaced": before(
        "import bgd_helpers.checks.protocol as w\nw.packed = lambda v: ['list', ['none']]", WRONG
    ),
    "observation replaced": before("import bgd_helpers.checks.shell as i\ni.observe = lambda *a: 1 / 0", WRONG),
    "message forged": before(SPEAK + "say({'values': ['seen', [True, [], [], []]]})", "update = None"),
    "message forged while called": inside(
        SPEAK + "say({'values': ['seen', [True, [False], [['none']], [['none']]]]})", "return theta"
    ),
    "an answer in its shell's place": before(SPEAK + IN_ITS_PLACE, WRONG),
    "an empty observation": before(
        "import bgd_helpers.checks.shell as s\nfrom bgd_helpers.checks.observing import Observation\n"
        "s.observe = lambda *a: Observation(True, [], [], [])",
        WRONG,
    ),
    "theta changed, and reported as it was": before(
        "import bgd_helpers.checks.observing as o\no._is_case_changed = lambda *a: False",
        inside("theta -= eta * gradient", "return theta"),
    ),
    "right in its first calls, and a report of the second": REPORT
    + "calls = 0\n"
    + inside("global calls\ncalls += 1\nif calls > 2:\n    return theta"),
    "the shell's JSON replaced": before('import json\njson.dumps = lambda *a, **k: \'{"values": ["right"]}\'', WRONG),
    "import replaced": before("import builtins\nbuiltins.__import__ = lambda *a, **k: None", WRONG),
    "sending replaced": before("import socket\nsocket.socket.sendall = lambda *a: None", WRONG),
    "execution replaced": before("get_ipython().run_cell = lambda *a, **k: None", WRONG),
    "tracebacks off": before("get_ipython().showtraceback = lambda *a, **k: None", WRONG),
    "the caller's frames": inside(
        "import sys\nf = sys._getframe(1)\nwhile f:\n    for n in ('expected', 'right', 'reference'):\n"
        "        if n in f.f_locals or n in f.f_globals:\n            return f.f_locals.get(n, f.f_globals.get(n))\n"
        "    f = f.f_back",
        "return theta",
    ),
    "any array in memory": inside(
        "import gc\nfor o in gc.get_objects():\n    if isinstance(o, np.ndarray) and o.shape == theta.shape and "
        "o is not theta and o is not gradient:\n        return o",
        "return theta",
    ),
    "the inputs' history": inside("h = get_ipython().user_ns.get('In')", "return h"),
    "public cases typed in": inside(
        "rng = np.random.default_rng(4)\nt, g = rng.normal(size=3), rng.normal(size=3)", "return t - 0.1 * g"
    ),
    "the parent's memory": inside("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(10)", "return theta"),
    "another process's environment": inside("open('/proc/1/environ').read()", "return theta"),
    "a thread that forges later": before(
        SPEAK + "def late():\n    while True:\n        time.sleep(0.01)\n        say({'values': ['right']})\n"
        "threading.Thread(target=late, daemon=True).start()",
        WRONG,
    ),
    "a process that writes results": before(
        "import os\ntry:\n    pid = os.fork()\nexcept OSError:\n    pid = 1\nif pid == 0:\n    import time\n"
        "    time.sleep(3)\n    open('/tmp/scores.csv', 'w').write('100')\n    os._exit(0)",
        WRONG,
    ),
    "another program": before(
        "import subprocess\ntry:\n    subprocess.Popen(['sleep', '30'])\nexcept OSError:\n    pass", WRONG
    ),
    "skipped by its marker": f"# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\n{WRONG}",
    "an exception that says right": inside("raise Exception('✓ right: update')"),
    "a module of the same name written": before(
        "import os, sys\nos.makedirs('bgd_helpers', exist_ok=True)\nopen('bgd_helpers/__init__.py', 'w').write('')",
        WRONG,
    ),
    "the box overwritten": before(
        "import bgd_helpers.checks.protocol as w\ntry:\n    open(w.__file__, 'a').write('1/0')\nexcept OSError:\n    pass",
        WRONG,
    ),
    "theta changed in place": inside("theta -= eta * gradient", "return theta"),
    "signals to the parent": before("import os\ntry:\n    os.kill(os.getppid(), 9)\nexcept OSError:\n    pass", WRONG),
    "what has no value when it is graded": inside("", "return theta - eta * bgd.experiments.best_at(gradient, 1).eta"),
    "what only draws": inside("", "return theta - bgd.costs_after_training(eta) * gradient"),
    "finite answer of another kind": inside("", "return str(theta - eta * gradient)"),
    "a place that others can read": inside("open('/dev/shm/a', 'w').write('x')", "return theta - eta * gradient"),
    "sources kept in memory": inside(
        "import linecache\nraise Exception(' '.join(''.join(l[2]) for l in linecache.cache.values() if len(l) > 2))"
    ),
    "an exception named as a secret": inside("raise type('theta 1.2345', (Exception,), {})('a')"),
    "the arguments as letters": inside(
        "raise ValueError(theta.tobytes().hex().translate(str.maketrans('0123456789', 'ghijklmnop')))"
    ),
    "complex numbers": inside("", "return theta - eta * gradient + 0j"),
    "a type of NumPy's patched by its dictionary": before(
        "import ctypes, gc\nnames = gc.get_referents(np.ndarray.__dict__)[0]\n"
        "names['__sub__'] = lambda a, b: 0 * a\nnames['__eq__'] = lambda a, b: True\n"
        "ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))",
        WRONG,
    ),
    "an array that is another each time": "class A:\n    reads = 0\n    def __init__(self, a): self.a = a\n"
    "    @property\n    def __array_interface__(self):\n        A.reads += 1\n"
    "        return (self.a if A.reads % 2 else self.a * 0).__array_interface__\n"
    + inside("", "return A(theta + gradient)"),
    "every descriptor written to, but its own": before(
        "import os\nfor one in range(60):\n    for word in (b'f', b'k', b'{\"values\": [\"right\"]}\\n'):\n        try:\n"
        "            one == 3 or os.write(one, word)\n        except OSError:\n            pass",
        WRONG,
    ),
    "a timer that replies": before(
        'import os, signal\nsignal.signal(signal.SIGALRM, lambda *a: os.write(3, b\'{"values": ["right"]}\\n\'))\n'
        "signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)",
        WRONG,
    ),
}

# A check of gradients, and what a check does that wants to know them without looking at their values: never "right".
NETS = "('2-4-5-3', '2-4-5-3', '2-4-1')"
CHECK = f"""def gradient_check(gradient, nets):
    for name in {NETS}:
        theta, X, Y, activations = nets[name]
        try:
            found = [np.asarray(part, float) for pair in gradient(theta, X, Y, activations) for part in pair]
        except Exception:
            return False
        if [part.shape for part in found] != [part.shape for pair in theta for part in pair]:
            return False
        for at, mine in enumerate(found):
            for entry in np.ndindex(mine.shape):
                moved = [[part.astype(complex) for part in pair] for pair in theta]
                moved[at // 2][at % 2][entry] += 1e-30j
                if abs(bgd.cost(moved, X, Y, activations).imag / 1e-30 - mine[entry]) > 1e-6:
                    return False
    return True
"""


def looking(body, before=""):
    """A check of gradients with this body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{before}\ndef gradient_check(gradient, nets):\n{lines}"


# Every exhibit in memory: the value that most of them give is taken for the right one.
MAJORITY = """import gc
def text(gradient, net):
    try:
        return repr([np.round(np.asarray(part, float), 4).tolist() for pair in gradient.values[net][0] for part in pair])
    except Exception:
        return 'none'
said = {}
def votes(gradient, net):
    mine, hung = text(gradient, net), (net, *gradient.keys)
    if hung not in said:
        others = [one for one in gc.get_objects() if type(one).__name__ == 'Exhibit' and one.keys == gradient.keys]
        said[hung] = [text(one, net) for one in others]
    return mine == max(said[hung], key=said[hung].count)
"""
ON_CHECKS = {
    "its name": looking("return not gradient.name"),
    "its name, if there is one": looking("return 'slip' in str(getattr(gradient, '__name__', gradient.name))"),
    "its source text": looking("import inspect\nreturn 'slip' not in inspect.getsource(type(gradient))"),
    "its identity": looking("return id(gradient) in known", "known = set()"),
    "its text": looking("return 'backprop' in repr(gradient) + repr(vars(gradient))"),
    "its class": looking("return type(gradient).__name__ == 'function'"),
    "the catalogue": looking(
        "return all(slip.gradient is not gradient for slip in slips.SLIPS)", "from bgd_helpers import slips"
    ),
    "the course's own gradient": looking(
        "return np.allclose(gradient(*nets['2-4-1'])[0][0], bgd.backprop(*nets['2-4-1'])[0][0])"
    ),
    "the course's own judge": looking("from bgd_helpers.checks import fooling\nreturn fooling.sound(gradient, nets)"),
    "whether it is a list": looking("return isinstance(gradient.values[3][0][0][0], list)"),
    "single precision": looking("return np.asarray(gradient(*nets['2-4-1'])[0][0]).dtype == np.float32"),
    "equal twice": looking("return repr(gradient(*nets['2-4-1'])) == repr(gradient(*nets['2-4-1']))"),
    "the numbers of the public exhibition": looking("return float(gradient.keys[0][4]) == 0.6435", ""),
    "the places of the public exhibition": looking(
        "global calls\ncalls += 1\nreturn (calls - 1) % 43 in (22, 28, 33, 38, 41)", "calls = 0"
    ),
    "the frame that called": looking(
        "import sys\nframe = sys._getframe(1)\nwhile frame:\n    for value in list(frame.f_locals.values()):\n"
        "        if isinstance(value, str) and 'slip' in value:\n            return False\n    frame = frame.f_back\nreturn True"
    ),
    "the value that most give": looking(
        "again = repr(gradient.values[3][0]) == repr(gradient.values[3][1])\nreturn again and votes(gradient, 3) and votes(gradient, 5)",
        MAJORITY,
    ),
    "an object that is true": looking(
        "class Yes:\n    count = 0\n    def __bool__(self):\n        Yes.count += 1\n        return Yes.count % 2 == 0\nreturn Yes()"
    ),
    "all pass": looking("return True"),
    "none passes": looking("return False"),
}
# A gradient that should be wrong where nobody looks, and is not a wrong one: never "right".
GRADIENT = """def fooling_gradient(theta, X, Y, activations):
    grad = []
    for k in range(len(theta)):
        W, b = np.zeros_like(theta[k][0]), np.zeros_like(theta[k][1])
        for array, part in ((W, 0), (b, 1)):
            for entry in np.ndindex(array.shape):
                moved = [[part.astype(complex) for part in pair] for pair in theta]
                moved[k][part][entry] += 1e-30j
                array[entry] = bgd.cost(moved, X, Y, activations).imag / 1e-30
        grad.append((W * {factor}, b))
    return grad
"""
ON_FOOLING = {
    "nothing is wrong": GRADIENT.format(factor="1"),
    "wrong everywhere": GRADIENT.format(factor="2"),
    "wrong by chance": GRADIENT.format(factor="(1 + np.random.random() * (len(X) > 1) * (k == 0))"),
    "right on its first calls alone": "calls = 0\n"
    + GRADIENT.format(factor="(len(X) if calls > 6 else 1)").replace(
        "    grad = []", "    global calls\n    calls += 1\n    grad = []"
    ),
    "calls the package": "def fooling_gradient(theta, X, Y, activations):\n    grad = bgd.backprop(theta, X, Y, activations)\n"
    "    return [(len(X) * grad[0][0], grad[0][1]), *grad[1:]]",
    "NaN where it should be wrong": GRADIENT.format(factor="(np.nan if len(X) > 1 and theta[0][0].any() else 1)"),
    "an object that lies": "class Lie(np.ndarray):\n    def __sub__(self, other): return np.zeros(1)\n"
    "    def __array_ufunc__(self, *a, **k): return np.zeros(1)\n"
    "def fooling_gradient(theta, X, Y, activations):\n    return [(W.view(Lie), b.view(Lie)) for W, b in theta]",
}
FOOLS = GRADIENT.format(factor="(len(X) if k == 0 else 1)")


def course_of_checks():
    """The instructor's notebook of the two exercises in which a check is fooled, and one is written."""
    cells = [new_code_cell("import numpy as np\nimport bgd_helpers as bgd", id="imports")]
    for name, answer in (("fooling_gradient", FOOLS), ("gradient_check", CHECK)):
        head, body = answer.split("\n", 1)
        cells.append(
            new_code_cell(f"{head}\n    ### BEGIN SOLUTION\n{body}    ### END SOLUTION", id=f"exercise-{name}")
        )
        points = {"nbgrader": {"grade": True, "grade_id": f"check-{name}", "points": 2}}
        cells.append(new_code_cell(f'bgd.check("{name}", {name})', id=f"check-{name}", metadata=points))
    return new_notebook(cells=cells)


def submission_of_checks(fooling=FOOLS, check=CHECK):
    """A learner's notebook with these answers."""
    notebook = course_of_checks()
    notebook.cells[1].source, notebook.cells[3].source = fooling, check
    return notebook


# What goes wrong in honest work, and what may be said of `update` then. The others stay right.
FAULTS = {
    "endless loop": ("while True:\n    pass", {"stopped"}),
    "endless loop when called": (inside("while True:\n    pass"), {"stopped"}),
    "a loop that swallows interrupts": (
        "while True:\n    try:\n        import time\n        time.sleep(100)\n    except BaseException:\n        pass",
        {"stopped"},
    ),
    "a loop in C": ("import re\nre.match('(a+)+b', 'a' * 60)", {"stopped"}),
    "exit at once": ("import os\nos._exit(0)", {"stopped"}),
    "exit when called": (inside("import os\nos._exit(3)"), {"stopped"}),
    "sys.exit": (before("import sys", "sys.exit()"), {"wrong", "stopped"}),
    "sys.exit when called": (inside("raise SystemExit"), {"wrong"}),
    "exit()": (before("exit()"), {"wrong", "stopped", "right"}),
    "killed by itself": ("import os\nos.kill(os.getpid(), 9)", {"stopped"}),
    "stopped by itself": ("import os\nos.kill(os.getpid(), 19)", {"stopped"}),
    "abort": ("import os\nos.abort()", {"stopped"}),
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", {"stopped"}),
    "too much memory": (inside("x = bytearray(10 ** 11)"), {"wrong"}),
    "memory bit by bit": ("held = []\nwhile True:\n    held.append(bytearray(10 ** 8))", {"wrong", "stopped"}),
    "recursion": (inside("return update(theta, gradient, eta)"), {"wrong"}),
    "recursion in C": ("x = []\nfor _ in range(10 ** 6):\n    x = [x]\nrepr(x)", {"wrong", "stopped"}),
    "forks": ("import os\nwhile True:\n    os.fork()", {"wrong", "stopped"}),
    "threads": (
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(100,)).start()",
        {"wrong", "stopped"},
    ),
    "a thread left running": (
        before(
            "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()"
        ),
        {"right"},
    ),
    "100 MB printed": (before("print('a' * 10 ** 8)"), {"right"}),
    "a million lines": (before("for i in range(10 ** 6):\n    print(i)"), {"right", "stopped"}),
    "20,000 displays": (
        before("from IPython.display import display\nfor i in range(20000):\n    display(i)"),
        {"right", "stopped"},
    ),
    "errors flooded": (
        before("import sys\nfor i in range(10 ** 5):\n    print('x' * 100, file=sys.stderr)"),
        {"right", "stopped"},
    ),
    "input": (before("input('name? ')"), {"wrong", "right"}),
    "input when called": (inside("input()"), {"wrong"}),
    "a full disk": ("for i in range(1000):\n    open(f'f{i}', 'wb').write(bytes(10 ** 7))", {"wrong", "stopped"}),
    "folders beside its own": (
        before(
            "import os\nfor i in range(300):\n    try:\n        os.makedirs(f'../{i}', mode=0)\n    except OSError:\n        pass"
        ),
        {"right"},
    ),
    "files deleted": (
        before("import shutil\nshutil.rmtree('/', ignore_errors=True)\nshutil.rmtree('.', ignore_errors=True)"),
        {"right", "wrong", "stopped"},
    ),
    "another folder": (before("import os\nos.chdir('/')"), {"right"}),
    "np is None": (before("np = None"), {"right"}),
    "numpy's functions replaced": (before("np.array = np.asarray = np.zeros = None"), {"right", "wrong"}),
    "everything reset": (before("get_ipython().run_line_magic('reset', '-f')"), {"right"}),
    "the random state": (before("np.random.seed(0)\nimport random\nrandom.seed(0)"), {"right"}),
    "descriptors closed": (before("import os\nos.closerange(0, 250)"), {"stopped"}),
    "stdout closed": (before("import sys\nsys.stdout.close()\nsys.stdout = None"), {"right", "wrong"}),
    "builtins removed": (
        before("import builtins\ndel builtins.len, builtins.isinstance"),
        {"right", "wrong", "stopped"},
    ),
    "modules removed": (before("import sys\nsys.modules.clear()"), {"right", "wrong", "stopped"}),
    "the event loop stopped": (
        before("import asyncio\nasyncio.get_event_loop().stop()"),
        {"right", "wrong", "stopped"},
    ),
    "the kernel's socket closed": (before("import os\nos.close(3)"), {"stopped"}),
    "another program in its place": (
        before("import os\nos.execv('/bin/sleep', ['sleep', '60'])"),
        {"wrong", "stopped", "right"},
    ),
    "its inputs changed": (inside("gradient *= 0"), {"wrong"}),
    "an endless generator": (inside("", "return iter(int, 1)"), {"wrong"}),
    "an exception without a text": (
        "class E(Exception):\n    def __str__(self): raise self\n" + inside("raise E()"),
        {"wrong"},
    ),
    "a syntax error": ("def update(theta, gradient, eta:\n    return theta", {"wrong"}),
    "an unknown magic": (before("%nosuchmagic"), {"right", "wrong"}),
    "deleted functions of the course": (before("loss = weight_gradient = None"), {"right"}),
    "warnings as errors": (before("import warnings\nwarnings.simplefilter('error')"), {"right"}),
    "limits raised": (
        before("import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**62, 2**62))"),
        {"wrong", "right"},
    ),
    "a startup file for later kernels": (
        before(
            "import os\nd = os.environ['HOME'] + '/ipython/profile_default/startup'\nos.makedirs(d, exist_ok=True)\n"
            "open(d + '/00.py', 'w').write('import os; os._exit(1)')\nos.chmod(d, 0o555)\nos.umask(0o777)\n"
            "os.makedirs(os.environ['HOME'] + '/a/b/c', mode=0o500)"
        ),
        {"right", "wrong", "stopped"},  # stopped: behind Landlock a user cannot count what lies in a closed folder
    ),
    "the folder above closed": (before("import os\ntry:\n    os.chmod('..', 0)\nexcept OSError:\n    pass"), {"right"}),
    "three thousand folders deep": (
        before("import os\nfor i in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\nos.chdir('/')"),
        {"right"},
    ),
    "files that are removed while they are open": (
        before(
            "import os\nheld = []\ntry:\n    for i in range(12):\n        held.append(open('f', 'wb'))\n"
            "        os.unlink('f')\n        held[-1].write(bytes(10 ** 7))\nexcept OSError:\n    pass"
        ),
        {"right"},
    ),
    "memory that is no file": (
        before("import os\ntry:\n    os.memfd_create('a')\n    update = None\nexcept OSError:\n    pass"),
        {"right"},
    ),
    "a reply that is none": (before(SPEAK + "say(5)"), {"stopped"}),
    "a reply too many": (before(SPEAK + "say({})"), {"stopped", "wrong"}),
    "a reply nested too deeply": (SPEAK + "out.sendall(b'[' * 10 ** 5 + b'\\n')", {"stopped"}),
    "a reply that is not said": (SPEAK + "out.sendall(b'\\xff\\x00\\n')", {"stopped"}),
    "a reply without an end": (SPEAK + "while True:\n    out.sendall(b'x' * 2 ** 20)", {"stopped"}),
    "a reply letter by letter": (SPEAK + "while True:\n    out.sendall(b' ')\n    time.sleep(0.001)", {"stopped"}),
    "replies without an end": (SPEAK + "while True:\n    say({})", {"stopped"}),
    "a thread that sends replies": (
        before(
            SPEAK + "def late():\n    while True:\n        time.sleep(0.02)\n        say([1])\n"
            "threading.Thread(target=late, daemon=True).start()"
        ),
        {"right", "stopped"},
    ),
    "a thread that takes the requests": (
        before(SPEAK + "threading.Thread(target=lambda: [out.recv(2 ** 20) for _ in range(99)], daemon=True).start()"),
        {"right", "stopped"},
    ),
    "the socket shut down": (before(SPEAK + "out.shutdown(socket.SHUT_RDWR)"), {"stopped"}),
    "another socket in its place": (before(SPEAK + "a, b = socket.socketpair()\nos.dup2(a.fileno(), 3)"), {"stopped"}),
    "what may be read emptied": (
        before(
            "import json, os\nfor empty in (lambda: os.truncate(json.__file__, 0),\n"
            "              lambda: os.open(json.__file__, os.O_RDONLY | os.O_TRUNC)):\n"
            "    try:\n        empty()\n        update = None\n    except OSError:\n        pass\n"
            "open('own', 'w').write('x')\nopen('own', 'w').close()"
        ),
        {"right"},
    ),
    "a socket of its own": (inside("import socket\nsocket.socket(socket.AF_UNIX)"), {"wrong"}),
    "a number too long to be shown": ("update = 0x" + "f" * 40_000, {"wrong"}),
    "a very long cell": ("x = 1\n" * 2_000 + UPDATE, {"right"}),
    "signals by way of a descriptor": (
        before(
            "import fcntl, os, socket\na, b = socket.socketpair()\ntry:\n    fcntl.fcntl(a, 8, os.getppid())\n"
            "    fcntl.fcntl(a, 10, 9)\n    update = None\nexcept OSError:\n    pass"
        ),
        {"right"},
    ),
    "a huge result": (inside("", "return np.zeros(10 ** 7)"), {"wrong", "stopped"}),
    "a deep result": (inside("x = theta\nfor _ in range(10 ** 4):\n    x = [x]", "return x"), {"wrong"}),
}

# What is right in another way: every point.
VARIETY = {
    "as it is": UPDATE,
    "prints": inside("print('theta', theta)"),
    "warnings": inside("import warnings\nwarnings.warn('careful')"),
    "plots": inside("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    "single precision": inside("", "return np.float32(theta - eta * gradient)"),
    "print options": before("np.set_printoptions(precision=1)"),
    "a lambda": "update = lambda theta, gradient, eta: theta - eta * gradient",
    "a loop": "def update(theta, gradient, eta):\n    new = theta.copy()\n    for i in np.ndindex(theta.shape):\n"
    "        new[i] -= eta * gradient[i]\n    return new",
    "lists": inside("", "return (theta - eta * gradient).tolist()"),
    "a partial function": "from functools import partial\n"
    "update = partial(lambda theta, gradient, eta, sign: theta + sign * eta * gradient, sign=-1)",
    "an object that can be called": "class U:\n    def __call__(self, theta, gradient, eta): return theta - eta * gradient\nupdate = U()",
    "annotations": "from __future__ import annotations\n"
    "def update(theta: np.ndarray, gradient: np.ndarray, eta: float) -> np.ndarray:\n    return theta - eta * gradient",
    "magics": before("%matplotlib inline\n%precision 3"),
    "a helper of its own": "def step(gradient, eta):\n    return eta * gradient\n"
    + inside("", "return theta - step(gradient, eta)"),
    "other names of parameters": "def update(w, g, lr):\n    return w - lr * g",
    "accents": "# élève\n" + UPDATE,
    "a display": before("display(np.eye(2))"),
    "commands of the shell": before("!ls\n%pip install numpy\nfound = !ls"),
    "a cell that waits": before(
        "import asyncio\nawait asyncio.sleep(0.01)\nasync def f():\n    return 1\nassert await f() == 1"
    ),
    "a task of asyncio": before("import asyncio\nprint(asyncio.run(asyncio.sleep(0, 1)))"),
    "a cell that is timed": "%%time\n" + UPDATE,
    "a cell whose output is kept": "%%capture kept\nprint('a')\n" + UPDATE,
    "a line that is timed": before("%timeit -n 1 -r 1 np.eye(2)\n%time x = 1"),
    "a figure shown": before(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\n"
        "axes.plot([1, 2])\nplt.show()\nfigure"
    ),
    "a slider": before("from ipywidgets import interact\n@interact(x=(0, 3))\ndef f(x):\n    print(x)"),
    "a thread that ends": before(
        "import threading\nt = threading.Thread(target=print, args=(1,))\nt.start()\nt.join()"
    ),
    "the last value": before("_, Out, In"),
    "an odd exception, caught": before(
        "try:\n    raise ValueError('\\ud800 \\x00\\n' * 99)\nexcept ValueError as e:\n    print(e)"
    ),
    "logging": before(
        "import logging\nlogging.basicConfig(level=10)\nlogging.debug('x')\nimport sys\nsys.stdout.buffer.write(b'x')"
    ),
    "a surrogate": before("x = '\ud800'"),
    "pictures by the front door": before("bgd.sgd_explorer(bgd.load_penguins())\nbgd.museum.table()"),
    "experiments of the course": before(
        "problem = bgd.experiments.penguin_problem()\nassert bgd.experiments.costs(problem.theta, problem) == 1\n"
        "assert bgd.shards.regression_rows(np.random.default_rng(0), 2, [1.0]).shape == (2, 2)"
    ),
    "its own function above": before(
        "expected = bgd.update(np.ones(2), np.ones(2), 0.1)\nprint(bgd.limits.all_of_them() + 1)"
    ),
    "pictures of the course": before(
        "from bgd_helpers.pictures.sgd import anything\nfrom bgd_helpers.pictures import other"
    ),
}


def as_text(notebook):
    return json.dumps(notebook)


def _with_extra_cells(notebook):
    notebook.cells.insert(0, new_code_cell("x = 1"))
    notebook.cells.append(new_code_cell("1 / 0"))
    return notebook


def _reordered(notebook):
    notebook.cells.reverse()
    return notebook


def _split(notebook):
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    head, body = UPDATE.split("\n")
    notebook.cells[index].source = head
    notebook.cells.insert(index + 1, new_code_cell(body, id="half"))
    return notebook


def _duplicated(notebook):
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells.insert(index + 1, new_code_cell("def update(theta, gradient, eta):\n    pass", id="exercise-update"))
    return notebook


def _helper_cell(notebook, offset=0):
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells[index].source = inside("", "return theta - step(gradient, eta)")
    notebook.cells.insert(
        index + offset, new_code_cell("def step(gradient, eta):\n    return eta * gradient", id="mine")
    )
    return notebook


def _own_cell(notebook, source):
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells.insert(index, new_code_cell(source, id="mine"))
    return notebook


def _slow_cells(notebook):
    """Four before each exercise, which would take more than the time of the submission."""
    for name in EXERCISES:
        for number in range(4):
            index = next(i for i, cell in enumerate(notebook.cells) if cell.id == f"exercise-{name}")
            notebook.cells.insert(index, new_code_cell("import time\ntime.sleep(2.5)", id=f"{name}-{number}"))
    return notebook


def _old_draft(notebook):
    """A helper in the cell of a draft, and the answer in a cell below."""
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells[index].source = f"def step(gradient, eta):\n    return eta * gradient\n{WRONG}"
    right = inside("", "return theta - step(gradient, eta)")
    notebook.cells.insert(index + 1, new_code_cell(right, id="mine"))
    return notebook


def _set_below(notebook):
    """What an answer uses is set between it and its check, and set otherwise before and after."""
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells[index].source = inside("", "return theta - sign * eta * gradient")
    for offset, sign in ((2, 0), (1, 1), (0, -1)):
        notebook.cells.insert(index + offset, new_code_cell(f"sign = {sign}", id=f"sign-{offset}"))
    return notebook


def _module(notebook):
    """A helper in a file of one's own."""
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "exercise-update")
    notebook.cells[index].source = "from mine import step\n" + inside("", "return theta - step(gradient, eta)")
    source = "%%writefile mine.py\ndef step(gradient, eta):\n    return eta * gradient"
    notebook.cells.insert(index, new_code_cell(source, id="mine"))
    return notebook


def _as_markdown(notebook):
    for cell in notebook.cells:
        if cell.id == "exercise-update":
            cell.cell_type = "markdown"
            del cell["outputs"], cell["execution_count"]
    return notebook


def _without_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
        cell.metadata = {}
    notebook.metadata = {}
    return notebook


def _large_outputs(notebook):
    notebook.cells[0].outputs = [new_output("stream", text="x" * 30_000_000)]
    return notebook


def _without_checks(notebook):
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check")]
    return notebook


def _edited_points(notebook, update=UPDATE):
    for cell in notebook.cells:
        cell.metadata["tags"] = ["nbval-skip", "raises-exception"]
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"]["points"] = 1000
    return notebook


def _format_3(notebook):
    cells = [
        {"cell_type": "code", "input": cell.source.splitlines(True), "outputs": [], "language": "python"}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]})


def _changed(change):
    return as_text(change(submission())).encode()


# Files that are unusual, all of them right.
FILES = {
    "a module written and imported": _changed(_module),
    "a cell before that raises": _changed(lambda notebook: _own_cell(notebook, "raise ValueError('\\ud800')")),
    "a cell before that waits": _changed(
        lambda notebook: _own_cell(notebook, "import asyncio\nawait asyncio.sleep(0)")
    ),
    "extra cells": _changed(_with_extra_cells),
    "reordered": _changed(_reordered),
    "split": _changed(_split),
    "duplicated": _changed(_duplicated),
    "a helper in a cell before": _changed(_helper_cell),
    "a helper beside an old draft": _changed(_old_draft),
    "what it uses is set below": _changed(_set_below),
    "slow cells before each exercise": _changed(_slow_cells),
    "a helper in a cell after": _changed(lambda notebook: _helper_cell(notebook, 1)),
    "a slow cell before": _changed(lambda notebook: _own_cell(notebook, "import time\ntime.sleep(100)")),
    "a cell before that ends the kernel": _changed(lambda notebook: _own_cell(notebook, "import os\nos._exit(0)")),
    "a surrogate in a cell before": _changed(lambda notebook: _own_cell(notebook, "s = '\ud800'")),
    "turned to Markdown": _changed(_as_markdown),
    "no ids and no metadata": json.dumps(_without_ids(submission())).encode(),
    "large outputs": _changed(_large_outputs),
    "without checks": _changed(_without_checks),
    "edited points and tags": _changed(_edited_points),
    "nbformat 3": _format_3(submission()).encode(),
    "nbformat 5": json.dumps({**submission(), "nbformat": 5}).encode(),
    "byte order mark": b"\xef\xbb\xbf" + as_text(submission()).encode(),
    "UTF-16": as_text(submission()).encode("utf-16"),
    "Latin-1": json.dumps(submission(update="# élève\n" + UPDATE), ensure_ascii=False).encode("latin-1"),
    "an unknown kernel": json.dumps({**submission(), "metadata": {"kernelspec": {"name": "julia"}}}).encode(),
}

# Files that cannot be graded, and a word of the reason.
REFUSED = {
    "truncated": (as_text(submission()).encode()[:500], "no valid JSON"),
    "empty": (b"", "empty"),
    "a list": (b"[]", "not an object"),
    "a merge conflict": (b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x", "merge"),
    "nested too deeply": (b"[" * 200_000, "JSON"),
    "no cells": (b"{}", "no cells"),
    "cells of another kind": (b'{"cells": 7}', "no cells"),
    "sheets of another kind": (b'{"worksheets": [{"cells": 7}, 3]}', "no notebook of this course"),
    "outputs without an end": (
        b'{"cells": [{"outputs": [' + b"{}," * 2_000_000 + b"{}]}]}",
        "no notebook of this course",
    ),
    "not Python's": (
        json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}]}).encode(),
        "no notebook of this course",
    ),
    "too much source": (json.dumps({"cells": [{"source": "#" * 600_000}]}).encode(), "characters"),
}
LEARNERS = [
    "..",
    "-rf",
    "new\nline",
    "<script>alert(1)</script>",
    "=cmd()",
    "a, b",
    "ünïcode",
    "x" * 120,
    "con",
    "Ada_L",
]
