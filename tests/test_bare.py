"""On a bare Debian: an ordinary user, a clone of the course, and the two commands of the README."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from in_browser import answer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parent.parent
SUITE, PACKAGES, USER = "bookworm", "make,python3,python3-venv", "ada"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"bgd-bare-{SUITE}.tar"
PATH = "/usr/local/bin:/usr/bin:/bin"
MOST_SECONDS = 1400
TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
ADDRESS = re.compile(r"http://\S+/lab/tree/00-start-here\.ipynb\?token=\w+")


def obstacle():
    """Why this cannot be tried here, and the command that helps; empty if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "sudo make test-all (on Linux)"
    if lacking := [name for name in ("debootstrap", "git", "unshare") if shutil.which(name) is None]:
        return f"apt install {' '.join(lacking)}"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode:
        return "make test-all where root may mount: outside of a container"
    if not KEPT.exists() and not mirror():
        return f"apt edit-sources: a mirror of Debian {SUITE}"
    return "" if (ROOT / ".git").exists() else "make test-all in a clone of the course's repository"


def mirror():
    """The mirror of Debian in the settings of this machine's apt, empty if there is none."""
    if shutil.which("apt-get") is None:
        return ""
    command = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)"]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return next((line.split()[2] for line in lines if line.startswith(f"{SUITE} main ")), "")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The root of a bare Debian with a clone of the course in its user's home."""
    if reason := obstacle():
        pytest.skip(f"the README's two commands on a bare Debian. {reason}")
    root = tmp_path_factory.mktemp("bare") / "root"
    unpack(root)
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc", name), root / "etc" / name)
    clone = ["git", "clone", "--quiet", str(ROOT), str(root / "home" / USER / "course")]
    trusting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    subprocess.run(clone, check=True, env=os.environ | trusting)
    subprocess.run(["chroot", root, "chown", "-R", USER, f"/home/{USER}"], check=True)
    yield root
    subprocess.run(["rm", "-rf", root], check=True)


def unpack(root):
    """Put a bare Debian with an ordinary user there, from the archive that an earlier run has kept, or made anew."""
    if KEPT.exists():
        root.mkdir()
        subprocess.run(["tar", "-xf", KEPT, "-C", root, "--numeric-owner"], check=True)
        return
    made = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root), mirror()]
    done = subprocess.run(made, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the README's two commands on a bare Debian: {done.stdout.splitlines()[-1]}. {shlex.join(made)}")
    subprocess.run(["chroot", root, "useradd", "--create-home", USER], check=True)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    half = KEPT.with_suffix(f".{os.getpid()}")
    subprocess.run(["tar", "-cf", half, "-C", root, "--numeric-owner", "."], check=True)
    half.rename(KEPT)


def settings():
    """How this machine's pip reaches its index, as variables of the environment."""
    for python in (sys.executable, "python3"):
        told = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
        if told.returncode == 0:
            break
    found = re.findall(r"^(?:global|install)\.([a-z-]+)='(.*)'$", told.stdout, re.MULTILINE)
    chosen = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found}
    for name, value in os.environ.items():
        if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy") or name in TRUSTED:
            chosen[name] = value
    return chosen


def shown(variables):
    """The files and folders of this machine that these variables name; the folder of packages above that of a file's
    address."""
    for word in " ".join(variables.values()).split():
        path = Path(word.removeprefix("file://"))
        if path.is_absolute() and path.exists():
            yield path.parent if word.startswith("file://") else path


def entering(root, *command):
    """The command line that runs one in the clone, as the ordinary user; what it mounts and starts ends with it."""
    variables = settings()
    lines = [f"mount --rbind /dev {root}/dev", f"mount -t proc proc {root}/proc"]
    for path in dict.fromkeys(shown(variables)):
        place = shlex.quote(f"{root}{path}")
        lines.append(f"mkdir -p {place}" if path.is_dir() else f"mkdir -p $(dirname {place}); touch {place}")
        lines += [f"mount --bind {shlex.quote(str(path))} {place}", f"mount -o remount,bind,ro {place}"]
    words = [f"{name}={value}" for name, value in ({"HOME": f"/home/{USER}", "PATH": PATH} | variables).items()]
    go = f"cd /home/{USER}/course && exec {shlex.join(command)}"
    chroot = ["chroot", f"--userspec={USER}", "--groups=", root, "env", "-i", *words, "sh", "-c", go]
    lines += [shlex.join(map(str, chroot)), "exit $?"]  # this shell stays root's: who changes user is not ended with it
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", "\n".join(lines)]


def test_make_test_passes(machine, say):
    command = entering(machine, "make", "test")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MOST_SECONDS)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-60:])
    for line in lines:
        if line.startswith("not tried") or line is lines[-1]:
            say(f"bare Debian, make test: {line.strip('= ')}")
    assert re.search(r"\d+ passed.* in ", lines[-1]) and "bubblewrap" in done.stdout


def test_make_lab_opens_the_first_notebook(machine):
    command = entering(machine, "make", "lab")
    lab = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    patience = Timer(MOST_SECONDS, lab.kill)
    patience.start()
    try:
        said = []
        while not (found := ADDRESS.search("".join(said[-1:]))):
            line = lab.stdout.readline()
            assert line, f"JupyterLab has ended:\n{''.join(said)}"
            said.append(line)
        address = found[0]
        assert answer(address).startswith(b"<!doctype html>")
        notebook = json.loads(answer(address.replace("/lab/tree/", "/api/contents/")))
        assert notebook["path"] == "00-start-here.ipynb" and "BEGIN SOLUTION" not in str(notebook["content"])
    finally:
        patience.cancel()
        lab.kill()
        lab.communicate()
