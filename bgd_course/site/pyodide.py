"""The Python of the workbook: Pyodide, its compiled packages, wheels of PyPI and the course, each held to a hash.

Nothing of it lies in the repository. What is downloaded is kept in `cache()`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bgd_course.records import cache

VERSION = "314.0.3"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
TARBALLS = {  # of npm, with their sha256
    f"pyodide@{VERSION}": "d7f7d24f8db486c7eda7280f3b0f7517524c8e43e8b086c6ee6ae8016658b484",
    "mathjax@3.2.2": "1b9c0a1c44df864e915690558e72adb9cc5203360daefd385084ced3b6c64c09",
}
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
COMPILED = ("numpy", "matplotlib", "pillow", "contourpy", "kiwisolver")
SHIMS = ("ipykernel-6.*", "piplite-*", "pyodide_kernel-*", "widgetsnbextension-4.*")  # of JupyterLite's kernel
EXTENSION = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
PURE = Path(__file__).with_name("browser.lock")
PLATFORM = ("--python-version=3.14", "--implementation=py", "--abi=none", "--platform=any")


class Missing(Exception):
    """Something that the site is made of cannot be had; the message says how to get it."""


def npm(name: str) -> Path:
    """The folder of an npm package of `TARBALLS`, unpacked. Raises Missing."""
    folder = cache() / name
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache()) as made:
            _run(["npm", "pack", name, "--silent", f"--pack-destination={made}"], f"{name} (npm, of Node.js)")
            [tarball] = Path(made).glob("*.tgz")
            if sha256(tarball) != TARBALLS[name]:
                raise Missing(f"npm's {name} has another sha256 than the course names: nothing of it is used")
            with tarfile.open(tarball) as packed:
                packed.extractall(made, filter="data")
            os.replace(Path(made) / "package", folder)
    return folder


def official() -> dict[str, Any]:
    """Pyodide's own lock: its packages, by name, with their files and sha256."""
    return json.loads((npm(f"pyodide@{VERSION}") / "pyodide-lock.json").read_text(encoding="utf-8"))


def compiled(folder: Path) -> Iterator[Path]:
    """Pyodide's compiled wheels in a folder, as its lock names them. Raises Missing."""
    for name in COMPILED:
        entry = official()["packages"][name]
        path = folder / entry["file_name"]
        if not path.is_file():
            release = f"pyodide-{VERSION}.tar.bz2, a file of Pyodide's release"
            raise Missing(f"{path} is missing: unpack {release}, and name its folder: make site OFFLINE=folder")
        if sha256(path) != entry["sha256"]:
            raise Missing(f"{path} is not the file that Pyodide {VERSION} names: its sha256 is another")
        yield path


def pure() -> list[Path]:
    """The wheels of PyPI that `browser.lock` names. Raises Missing."""
    folder = cache() / f"wheels-{sha256(PURE)[:12]}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache()) as made:
            command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
            options = ["--no-deps", "--only-binary=:all:", "--require-hashes", *PLATFORM, f"--dest={made}/wheels"]
            _run([*command, *options, f"--requirement={PURE}"], "the wheels of browser.lock (PyPI)")
            os.replace(Path(made) / "wheels", folder)
    return sorted(folder.glob("*.whl"))


def shims() -> list[Path]:
    """The wheels that JupyterLite's kernel brings."""
    folder = Path(sys.prefix) / EXTENSION
    return [path for pattern in SHIMS for path in folder.glob(f"{pattern}.whl")]


def course(root: Path, folder: Path) -> Path:
    """The course's own wheel, built into `folder`. Its name holds its hash: a cache never has an old one for a new."""
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    with tempfile.TemporaryDirectory() as made:
        _run([*command, "--no-build-isolation", f"--wheel-dir={made}", str(root)], "the course's wheel")
        [wheel] = Path(made).glob("*.whl")
        name, version, rest = wheel.name.split("-", 2)
        target = folder / f"{name}-{version}-0{sha256(wheel)[:10]}-{rest}"
        shutil.copyfile(wheel, target)
    return target


def write(root: Path, folder: Path, offline: Path | None) -> dict[str, Any]:
    """Where Python's core and lock are, and its packages, after its files are written into `folder`: all of them if
    `offline` is the folder with Pyodide's compiled wheels, else all but what its CDN has. Raises Missing."""
    folder.mkdir(parents=True)
    own = [*pure(), *shims(), *(compiled(offline) if offline else ())]
    for path in own:
        shutil.copyfile(path, folder / path.name)
    wheels = [*(folder / path.name for path in own), course(root, folder)]
    entries = {canonical(path): _entry(path) for path in wheels}
    if offline:
        for name in CORE:
            shutil.copyfile(npm(f"pyodide@{VERSION}") / name, folder / name)
    else:
        entries |= {name: _at_cdn(official()["packages"][name]) for name in COMPILED}
    lock = json.dumps({"info": official()["info"], "packages": dict(sorted(entries.items()))})
    name = f"pyodide-lock-{hashlib.sha256(lock.encode()).hexdigest()[:10]}.json"
    (folder / name).write_text(lock)
    here = f"./static/{folder.name}/"
    return {"core": f"{here if offline else CDN}pyodide.mjs", "lock": here + name, "packages": sorted(entries)}


def files(folder: Path, python: dict[str, Any]) -> list[tuple[str, int]]:
    """What a first visit loads of Python: addresses, and bytes as far as they are known."""
    lock = json.loads((folder / Path(python["lock"]).name).read_text())
    base = python["core"].removesuffix("pyodide.mjs")
    core = [(base + name, (npm(f"pyodide@{VERSION}") / name).stat().st_size) for name in CORE]
    there = [entry["file_name"] for entry in lock["packages"].values()]
    return core + [
        (name, 2_000_000) if "://" in name else (f"./static/{folder.name}/{name}", (folder / name).stat().st_size)
        for name in there
    ]


def canonical(wheel: Path) -> str:
    """The name of a wheel's package."""
    return re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()


def sha256(path: Path) -> str:
    """A file's hash in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _entry(wheel):
    """What a lock says of a wheel. Every package is loaded by name: none needs to bring another."""
    imports = [] if canonical(wheel) in COMPILED else [wheel.name.split("-")[0].lower()]
    return _package(canonical(wheel), wheel.name.split("-")[1], wheel.name, sha256(wheel), imports)


def _at_cdn(entry):
    return _package(entry["name"], entry["version"], CDN + entry["file_name"], entry["sha256"], entry["imports"])


def _package(name, version, file_name, digest, imports):
    return {
        **{"name": name, "version": version, "file_name": file_name, "sha256": digest, "imports": imports},
        **{"depends": [], "install_dir": "site", "package_type": "package", "unvendored_tests": False},
    }


def _run(command, what):
    """Run a command that fetches or makes something. Raises Missing with its last words."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise Missing(f"{what} cannot be had: {command[0]} is not installed") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()[-1]
        raise Missing(f"{what} cannot be had: {last}")
