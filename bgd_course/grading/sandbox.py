"""The sandbox: which walls this machine can put up, and the fork server behind them.

Level "bubblewrap": own namespaces (no network, no other process, no view of any file but Python's), seccomp and
limits. Level "landlock": the files of this machine hidden by Landlock, seccomp and limits. Level "none": no wall.
"""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from bgd_course.grading import fork_server, isolation, package

PACKAGES = ("bgd_helpers", "bgd_course")  # of the course: a kernel gets a graded one instead
START, END = 240, 5  # seconds for the fork server to import what it needs, on a busy machine too; to end a kernel
SCRATCH = 64 * 2**20  # bytes
LONGEST_PATH = 1000  # characters, of four bytes at most: Linux takes 4,096 bytes


class NoSandbox(Exception):
    """No wall can be put up here; the message says what to install."""


@cache
def level():
    """The strongest level of this machine. Raises `NoSandbox` if there is none."""
    if sys.platform != "linux":
        raise NoSandbox("the sandbox needs Linux. For your own notebooks only: --no-sandbox")
    missing = _missing_seccomp()
    if missing is None and _bubblewrap_works():
        return "bubblewrap"
    if missing is None and _landlock_works():
        return "landlock"
    what = missing or "bubblewrap (Debian, Ubuntu: apt install bubblewrap), or a Linux with Landlock (5.13 or newer)"
    raise NoSandbox(f"no sandbox can be set up here: install {what}. For your own notebooks only: --no-sandbox")


def chosen(asked=None):
    """The level to grade at: the one asked for, or the strongest that there is. Raises `NoSandbox` if it is not to be
    had here, or if only a weaker one is and nobody has asked for that."""
    best = level()
    if asked == "bubblewrap" and best != asked or asked is None and best == "landlock":
        advice = "install it (Debian, Ubuntu: apt install bubblewrap) and let it have namespaces"
        raise NoSandbox(f"bubblewrap does not work here: {advice}, or ask for the weaker level: --level landlock")
    if asked == "landlock" and not _landlock_works():
        raise NoSandbox("this Linux has no Landlock: leave --level landlock out")
    return asked or best


def _missing_seccomp():
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return "libseccomp2 and pyseccomp (Debian, Ubuntu: apt install libseccomp2; pip install pyseccomp)"
    return None


def _bubblewrap_works():
    program = _bubblewrap_program()
    command = [program, "--unshare-all", "--ro-bind", "/", "/", "--cap-drop", "ALL", "/bin/true"]
    return bool(program) and subprocess.run(command, capture_output=True, env={}).returncode == 0


def _bubblewrap_program():
    return shutil.which("bwrap", path=isolation.safe_path())


def _landlock_works():
    try:
        from landlock import landlock_abi_version

        return landlock_abi_version() >= 1
    except Exception:  # an old kernel, another architecture, or the package is missing
        return False


class ForkServer:
    """The process that forks kernels, one at a time, behind the walls of `level`. Ends with `close()`.

    What lies in the folders `private` is hidden from it, wherever they are. Raises `NoSandbox` if that cannot be done.
    """

    def __init__(self, level: str, folder: Path | str | None = None, private: Iterable[Path | str] = ()):
        self.level, self.private = level, [Path(path).resolve() for path in private]
        self.folder = Path(tempfile.mkdtemp(prefix="bgd-", dir=folder))
        (self.folder / "scratch").mkdir()
        package.write(self.folder / "box")
        _copy_font_lists(self.folder / "box" / "fonts")
        shutil.copy(fork_server.__file__, self.folder / "box" / "fork_server.py")
        self.process: Any = None
        self.control: Any = None

    def start(self) -> None:
        """Start the process, unless it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        self.end()
        box, scratch = self._inside("box"), self._inside("scratch")
        script = [sys.executable, "-I", "-B", str(box / "fork_server.py"), str(box), str(scratch)]
        self.control, stdin = socket.socketpair()
        with stdin:
            self.process = subprocess.Popen(
                [*self._walls(), *script, json.dumps(self._rules())],
                stdin=stdin.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.folder,
                env=_environment(scratch, box / "fonts"),
                start_new_session=True,
            )
        if not self._is_done(START):
            self.end()
            raise NoSandbox("the sandbox could not be started: the fork server does not answer")

    def fork(self) -> socket.socket:
        """The socket of a new kernel. Raises OSError if the process has ended."""
        self.start()
        ours, its = socket.socketpair()
        with its:
            socket.send_fds(self.control, [fork_server.FORK], [its.fileno()])
        return ours

    def written(self) -> float:
        """How many bytes of this machine's disk a kernel has taken: in bubblewrap, its scratch folder is not on it."""
        return 0 if self.level == "bubblewrap" else _size(self.folder / "scratch")

    def waited(self) -> float:
        """For how many seconds the kernel has been ready to run while others than its own threads had the processor; 0
        where this machine does not say."""
        try:
            pid = str(self.process.pid)
            while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                pid = children[0]
            ran, ready, _ = map(int, Path(f"/proc/{pid}/schedstat").read_text().split())
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            return (ran + ready) / 1e9 - sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        except (OSError, LookupError, ValueError, AttributeError):
            return 0.0

    def kill(self) -> None:
        """End the kernel, whatever it is doing, and remove what it has written; where that fails, end the process."""
        if self.process is not None and not self._is_done(END, fork_server.KILL):
            self.end()

    def _is_done(self, seconds, request=b""):
        """Whether the process says so, asked for what it is to do, within so many seconds."""
        self.control.settimeout(seconds)
        try:
            self.control.sendall(request)
            return self.control.recv(1) == fork_server.DONE
        except OSError:
            return False

    def close(self) -> None:
        """End everything and remove every file."""
        self.end()
        remove(self.folder)

    def end(self) -> None:
        """End the process, and the kernel with it; `start` starts another."""
        if self.process is not None:
            self.control.close()
            self.process.kill()
            self.process.wait()
        self.process = self.control = None

    def _inside(self, name):
        """That folder as the process sees it."""
        return Path("/" if self.level == "bubblewrap" else self.folder) / name

    def _rules(self):
        """What the process is to do about files: nothing without walls, nothing more in bubblewrap, else Landlock."""
        if self.level == "landlock":
            readable = [*_python_folders(), str(self.folder / "box"), "/dev/urandom"]
            for path in self.private:
                if any(path.is_relative_to(folder) for folder in readable):
                    raise NoSandbox(f"{path} lies among Python's own folders, where Landlock cannot hide it: move it")
            packages = [sysconfig.get_path("purelib"), "list"]
            return [["/dev/null", "write"], packages, *([path, "read"] for path in readable)]
        return [] if self.level == "bubblewrap" else None

    def _walls(self):
        return _bubblewrap(self.folder, self.private) if self.level == "bubblewrap" else []


def _bubblewrap(folder, private=()):
    """The command line of bubblewrap before the program's."""
    command = [_bubblewrap_program(), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    shown = [path for path in ("/usr", "/lib", "/lib64", "/bin", "/sbin") if os.path.exists(path)]
    for path in (*shown, "/etc/ld.so.cache", "/etc/alternatives"):
        command += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind-try", path, path]
    shown += [sys.base_prefix]
    command += [] if Path(sys.base_prefix).is_relative_to("/usr") else ["--ro-bind", sys.base_prefix, sys.base_prefix]
    command += _hiding(private, shown) + ["--ro-bind", sys.prefix, sys.prefix]
    installed = [Path(sysconfig.get_path("purelib"), name) for name in PACKAGES]
    command += _hiding([*private, *installed], [sys.prefix])
    command += ["--dev", "/dev", "--remount-ro", "/dev", "--ro-bind", str(folder / "box"), "/box"]
    command += ["--size", str(SCRATCH), "--perms", "0700", "--tmpfs", "/scratch", "--remount-ro", "/", "--chdir", "/"]
    return command


def remove(folder):
    """Remove a folder, whatever a kernel left in it; one that is gone already is no error."""
    try:
        os.chmod(folder, 0o700)
        fork_server.empty(folder)
        os.rmdir(folder)
    except FileNotFoundError:
        pass


def _hiding(private, shown):
    """Empty folders in place of those private ones that lie in a folder that is shown."""
    hidden = [path for path in private if path.is_dir() and any(path.is_relative_to(folder) for folder in shown)]
    return [word for path in hidden for word in ("--tmpfs", str(path))]


def _copy_font_lists(folder):
    """Matplotlib's list of this machine's fonts: without it, its import in an empty home takes a second more."""
    import matplotlib.font_manager  # makes the list where there is none

    folder.mkdir()
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(fonts, folder)


def _python_folders():
    """The folders of Python and its libraries, without those of the installed course."""
    folders = [path for path in ("/usr", "/lib", "/lib64", "/bin") if os.path.isdir(path)]
    packages = Path(sysconfig.get_path("purelib"))
    if sys.prefix != sys.base_prefix:
        others = [Path(sys.prefix, "bin"), Path(sys.prefix, "lib64"), Path(sys.prefix, "share")]
        folders += [str(path) for path in others if path.is_dir() and not path.is_symlink()]
        others = [path for path in packages.iterdir() if not any(name in path.name for name in PACKAGES)]
        folders += map(str, others)
    if not Path(sys.base_prefix).is_relative_to("/usr"):
        folders.append(sys.base_prefix)
    return folders


def _size(folder, above=None):
    """The bytes in the files of a folder (a path, from the open folder `above` if there is one), however deep it is and
    whatever happens to them meanwhile; infinite where it cannot be looked into."""
    found, waiting = 0, [str(folder)]
    while waiting:
        path = waiting.pop()
        try:
            here = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        except FileNotFoundError:
            continue
        except OSError:
            return math.inf
        try:
            size, folders = _entries(here)
            found += size
            for name in folders:  # a longer path leads nowhere
                if len(path) + len(name) < LONGEST_PATH:
                    waiting.append(f"{path}/{name}")
                else:
                    found += _size(name, here)
        finally:
            os.close(here)
    return found


def _entries(folder):
    """The bytes in the files that lie in an open folder itself, and the names of the folders in it."""
    size, folders = 0, []
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
            continue
        try:
            size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:  # it is gone
            pass
    return size, folders


def _environment(scratch, fonts):
    """What a kernel may know of the environment: nothing of the grader's."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "IPYTHONDIR": str(Path(scratch) / "ipython"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(fonts),
        "PYTHONNOUSERSITE": "1",
        **one,
    }
