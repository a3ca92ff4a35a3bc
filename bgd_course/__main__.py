"""The command `bgd`, and `python -m bgd_course`.

Before anything else is imported it begins anew, isolated: the folder one stands in may hold a learner's files, and
Python imports from it, or from where its variables point, whatever has the right name.
"""

import os
import site
import sys

# What Python, its loader and its libraries obey before this runs: each names folders or a file with code.
TOO_LATE: tuple[str, ...] = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX")
TOO_LATE += ("LD_LIBRARY_PATH", "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES")


def run() -> None:
    """End with the exit status of the command line."""
    if sys.flags.safe_path and sys.flags.ignore_environment:
        from bgd_course.cli import main

        sys.exit(main())
    if sys.argv[1:2] == ["grade"] and (why := unsafe()):
        print(f"bgd grade: {why}", file=sys.stderr)
        sys.exit(2)
    command = [sys.executable, *(["-P", "-E"] if is_of_one_user() else ["-I"]), "-m", "bgd_course", *sys.argv[1:]]
    if os.name == "nt":  # there, exec does not wait
        import subprocess

        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)


def unsafe() -> str | None:
    """Why learners' files may run with the rights of whoever grades; None if they can't."""
    for name in TOO_LATE:
        if not all(map(os.path.isabs, (os.environ.get(name) or "/").replace(";", os.pathsep).split(os.pathsep))):
            return f"{name} names the folder you stand in, and what lies there may run: unset it, then try again"
    if is_of_one_user():
        return "the course is installed in your home (pip install --user): install it into a virtual environment"
    return None


def is_of_one_user() -> bool:
    """Whether this package is installed for one user alone, where an isolated Python does not look."""
    folder = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    return os.path.isdir(folder) and any("bgd_helpers" in name for name in os.listdir(folder))


if __name__ == "__main__":
    run()
