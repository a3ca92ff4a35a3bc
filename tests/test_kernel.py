"""A graded kernel: honest cells run as in a notebook, and what is sent out in place of a reply ends it."""

import json
import socket
import threading
import time

import pytest

from bgd_course.grading import kernel, sandbox
from bgd_course.grading.kernel import ENDED, FORGED, GradedKernel, Ran


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A fork server without walls."""
    server = sandbox.ForkServer("none", tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture
def fresh(server):
    """A kernel of its own."""
    fresh = GradedKernel(server)
    yield fresh
    fresh.stop()


CELLS = [
    ["%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"],
    ["import asyncio\nawait asyncio.sleep(0)", "async def f():\n    return 1\nassert await f() == 1"],
    ["%%time\nx = 1", "assert x == 1", "%timeit -n 1 -r 1 x"],
    ["%%capture kept\nprint('a')\ndisplay(1)", "assert kept.stdout == 'a\\n' and len(kept.outputs) == 1"],
    ["%%writefile mine.py\nx = 7", "import mine\nassert mine.x == 7 and __import__('os').listdir()"],
    ["!ls\n%pip install numpy\nfound = !ls"],
    ["1 + 1", "assert _ == 2 and Out[1] == 2 and In[1] == '1 + 1'"],
    ["print('\ud800', flush=True)\nimport sys\nsys.stdout.buffer.write(b'x')\nsys.stderr.write('x')"],
    ["import sys\nsys.stdout.close()\nsys.stdout = sys.stderr = None", "print(1)"],
    ["from ipywidgets import interact\n@interact(x=(0, 3))\ndef f(x):\n    print(x)"],
    ["import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()"],
    ["exit()", "quit()"],
    ["print('x' * 10**7)\nfor i in range(10**4):\n    display(i)"],
]


@pytest.mark.parametrize("cells", CELLS)
def test_honest_cells_run(fresh, cells):
    assert [fresh.run(cell.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), 20) for cell in cells] == [
        Ran("done")
    ] * len(cells)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("x =", "SyntaxError: invalid syntax (<ipython"),
        ("input('name? ')", "EOFError: EOF when reading a line"),
        ("raise Exception('\\ud800\\n')", "Exception: \ud800\n"),
        ("class E(Exception):\n    def __str__(self): raise self\nraise E", "E: "),
        ("raise SystemExit", "SystemExit: "),
        ("%nosuchmagic", "UsageError: Line magic function"),
    ],
)
def test_a_cell_that_raises_says_what(fresh, cell, said):
    ran = fresh.run(cell, 20)
    assert ran.how == "raised" and ran.said.startswith(said.split("(")[0])
    assert fresh.run("x = 1", 20) == Ran("done")


def test_nothing_of_one_kernel_is_left_to_the_next(server):
    for _ in range(2):
        fresh = GradedKernel(server)
        assert fresh.run(
            "import os\nassert 'x' not in dir() and not os.listdir()\nx = 1\nopen('file', 'w')", 20
        ) == Ran("done")
        fresh.stop()


def test_a_kernel_that_takes_too_long_or_ends_is_stopped(server):
    for cell, said in [("while True: pass", "it took longer than 0.5 seconds"), ("import os\nos._exit(0)", ENDED)]:
        assert GradedKernel(server).run(cell, 0.5) == Ran("stopped", said)


def test_values_come_out(fresh):
    fresh.run("derived = 'a = b'", 20)
    assert fresh.call("derived", None, None, None, 20) == Ran("done", "", ["text", "a = b"])
    assert fresh.call("other", None, None, None, 20) == Ran("done", "", ["missing"])
    fresh.run("f = print\nimport numpy\nnumpy.array = None", 20)
    assert fresh.call("f", [], "[[[]], []]", "one_array", 20).how == "raised"
    assert fresh.call("derived", None, None, None, 20).values == ["text", "a = b"]


class Puppet:
    """A fork server whose kernel says what it is told to."""

    def __init__(self, after=b"", files=0):
        self.ours, self.its = socket.socketpair()
        self.after, self.files, self.files_later, self.is_killed = after, 0, files, False
        self.waits = 0.0

    def fork(self):
        self.its.sendall(b"{}\n")
        self.thread = threading.Thread(target=self.answer)
        self.thread.start()
        return self.ours

    def answer(self):
        with self.its:
            try:
                if self.its.recv(2**20):
                    for part in self.after if isinstance(self.after, list) else [self.after]:
                        self.its.sendall(part)
                        time.sleep(0.05 * isinstance(self.after, list))
            except OSError:
                pass

    def written(self):
        return self.files

    def waited(self):
        return self.waits

    def kill(self):
        self.is_killed = True
        self.thread.join()


@pytest.mark.parametrize(
    ("puppet", "why"),
    [
        (Puppet(after=b'{"values": 1}\n{"values": 1}\n'), FORGED),
        (Puppet(after=b'{"values": 1}{"values": 1}\n'), FORGED),
        (Puppet(after=b"{}\n"), FORGED),
        (Puppet(after=b"[]\n"), FORGED),
        (Puppet(after=b'["raised"]\n'), FORGED),
        (Puppet(after=b"\xff\n"), FORGED),
        (Puppet(after=b"[" * 10**5 + b"\n"), FORGED),
        (Puppet(after=b'{"values": ' + b"9" * 10**5 + b"}\n"), FORGED),
        (Puppet(after=b" " * (kernel.LARGEST + 2**17)), FORGED),
        (Puppet(after=b"{}"), ENDED),
        (Puppet(after=[b" "] * 40), "it took longer than 0.5 seconds"),
        (Puppet(after=b'{"values": null}\n', files=kernel.FILES + 1), "it wrote more than 64 MB into files"),
    ],
)
def test_whatever_is_no_reply_ends_the_kernel(puppet, why):
    alone = GradedKernel(puppet)
    puppet.files = puppet.files_later
    assert alone.run("x = 1", 0.5) == Ran("stopped", why)
    assert puppet.is_killed


def test_while_others_have_the_processor_no_time_passes(monkeypatch):
    monkeypatch.setattr(Puppet, "waited", lambda puppet: 2 * time.monotonic())
    assert GradedKernel(Puppet(after=[b" "] * 10 + [b"{}\n"])).run("x = 1", 0.3) == Ran("stopped", FORGED)
    assert GradedKernel(Puppet(after=[b" "] * 10 + [b'{"values": 1}\n'])).run("x = 1", 0.3) == Ran("done", values=1)
    alone = GradedKernel(Puppet(after=[b" "] * 40))
    assert alone.run("x = 1", 0.05) == Ran("stopped", "it took longer than 0.05 seconds")


def test_a_reply_before_a_request_ends_the_kernel():
    puppet = Puppet(after=b"{}\n")
    alone = GradedKernel(puppet)
    puppet.its.sendall(b"{}\n")
    assert alone.run("x = 1", 0.5) == Ran("stopped", FORGED)


def test_a_kernel_whose_walls_do_not_stand_is_no_fault_of_an_answer():
    puppet = Puppet()
    puppet.its.close()
    puppet.fork = lambda: puppet.ours
    with pytest.raises(OSError, match="ended the kernel"):
        GradedKernel(puppet)


@pytest.mark.parametrize(
    ("reply", "ran"),
    [
        ({"values": None}, Ran("done")),
        ({"values": [1]}, Ran("done", values=[1])),
        ({"raised": "E: x" * 1000, "values": 1}, Ran("raised", ("E: x" * 1000)[:1000])),
        ({"raised": {"a": []}}, Ran("raised", "{'a': []}")),
    ],
)
def test_a_reply_is_read(reply, ran):
    puppet = Puppet(after=json.dumps(reply).encode().ljust(kernel.LARGEST - 1) + b"\n")
    alone = GradedKernel(puppet)
    assert alone.run("x = 1", 20) == ran and not puppet.is_killed
    alone.stop()
    assert puppet.is_killed
