"""The commands: lab, progress, grade, release, site."""

import importlib.util
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bgd_helpers
from bgd_helpers import shadows

if TYPE_CHECKING:
    from bgd_course.grading.classroom import Plan
    from bgd_course.grading.results import Result

MINE = "my-course"  # the folder of the learner's edition
FIRST_NOTEBOOK = "00-start-here.ipynb"


class UserError(click.ClickException):
    """Something that the person at the keyboard can mend; the message says how."""

    def __init__(self, message, exit_code=1):
        super().__init__(message)
        self.exit_code = exit_code
        self.command = click.get_current_context().command_path

    def show(self, file=None):
        click.echo(f"{self.command}: {self.message}", err=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one command line."""
    try:
        return commands.main(arguments, prog_name="bgd", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130


@click.group()
@click.version_option(bgd_helpers.__version__, message="%(version)s")
def commands() -> None:
    """The commands of the course."""
    from bgd_course.grading import isolation

    os.environ["PATH"] = isolation.safe_path()


@commands.command()
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--port", type=int, help="The port to listen on (8888, or the next one free).")
@click.option("--source", is_flag=True, help="Open the notebooks with their solutions, not your own copy.")
def lab(no_browser: bool, port: int | None, source: bool) -> int:
    """Open the first notebook in JupyterLab.

    Your own copy of the notebooks, without the solutions, is in the folder my-course. When the course has changed, the
    changes are brought in; your answers stay.
    """
    root = checkout()
    need("jupyterlab", "matplotlib", "nbformat")
    from bgd_course.lab import can_open_browser, lab_command, running_in, wait_for

    if not source and (address := running_in(root / MINE)):
        click.echo(f"JupyterLab is open in {MINE} already: {address}")
        click.echo("To bring the course up to date, save and close it first (Ctrl-C where it was started).")
        return 0
    folder = root / "notebooks" if source else learners_folder(root)
    if word := shadows.word(folder):
        click.echo(word, err=True)
    warm_fonts()
    browser = not no_browser and can_open_browser()
    click.echo("Starting JupyterLab; Ctrl-C stops it.")
    if not browser:
        click.echo("No browser is opened from here: copy the last address below into one.")
    with subprocess.Popen(lab_command(folder, FIRST_NOTEBOOK, browser, port), cwd=root) as server:
        return wait_for(server)


def learners_folder(root: Path) -> Path:
    """The folder of the learner's edition, brought up to date as far as it can be."""
    from bgd_course import edition

    try:
        for line in edition.deliver(root / "notebooks", root / MINE):
            click.echo(line)
    except OSError as error:
        what = f"{error.filename or MINE} cannot be used ({error.strerror})"
        if not any((root / MINE).glob("*.ipynb")):
            raise UserError(f"{what}: rename it or make it writable, then try again") from None
        click.echo(f"{what}: the course was not brought up to date, and nothing was lost.", err=True)
    return root / MINE


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
def progress(folder: Path | None) -> None:
    """Show which exercises are solved, attempted and open, and how the predictions went.

    It reads what the checks in your saved notebooks said (in FOLDER, or in my-course): save them first.
    """
    root = checkout()
    need("nbformat", "rich")
    from bgd_course import edition
    from bgd_helpers.lessons.predictions import AGAIN, MIME, summary

    folder = folder or root / MINE
    if not folder.is_dir():
        raise UserError(f"there is no {folder} yet: make lab (or bgd lab) makes it")
    rows = edition.progress(root / "notebooks", folder)
    show_table(("notebook", "exercise", "points", "state"), rows)
    solved = [row for row in rows if row[-1] == "solved"]
    points = f"{sum(row[2] for row in solved):g} of {sum(row[2] for row in rows):g} points"
    click.echo(f"{len(solved)} of {len(rows)} exercises solved, {points}")
    click.echo(summary(*(edition.guesses(root / "notebooks", folder, kind) for kind in (MIME, AGAIN))))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str | float]]) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings)
    for row in rows:
        table.add_row(*(f"{value:g}" if isinstance(value, int | float) else value for value in row))
    Console().print(table)


@commands.command()
@click.argument("submissions", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("graded"),
    show_default=True,
    help="The folder for scores and feedback. What is graded there already is not graded again.",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV file: what folders or files say, and the learner's id to report.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 2,
    show_default=True,
    help="How many submissions are graded at a time.",
)
@click.option(
    "--cell-seconds", type=click.FloatRange(1, 600), default=10, show_default=True, help="How long a cell may take."
)
@click.option("--salt", help="Repeat a run with the secret inputs that this text draws; run.json names those of a run.")
@click.option(
    "--plan",
    "only_plan",
    is_flag=True,
    help="Only show, and write into plan.csv, who would be graded from which files.",
)
@click.option(
    "--assume",
    multiple=True,
    help="Settle what is ambiguous: a layout (folders, one, moodle, ...), 'name=learner', or 'hello-{learner}'.",
)
@click.option("--delimiter", type=click.Choice([",", ";"]), default=",", help="What separates cells in scores.csv.")
@click.option("--bom", is_flag=True, help="Begin scores.csv with the mark by which Excel knows UTF-8.")
@click.option("--again", is_flag=True, help="Grade what is graded already, too.")
@click.option("--level", type=click.Choice(["bubblewrap", "landlock"]), help="Ask for a level; without it, bubblewrap.")
@click.option("--scheduler", help="Grade on the workers of the Dask cluster at this address (tcp://host:port).")
@click.option("--no-sandbox", is_flag=True, help="Run the answers with no walls at all: for your own files only.")
def grade(
    submissions: Path,
    output: Path,
    roster: Path | None,
    assume: Sequence[str],
    only_plan: bool,
    no_sandbox: bool,
    **options: Any,
) -> int:
    """Grade the notebooks in SUBMISSIONS, a file, a folder or an archive.

    Folders may be laid out as nbgrader, Moodle, Canvas, Gradescope, Blackboard, Brightspace, Classroom 50 or git do it:
    --plan shows what was recognised. In the output folder: scores.csv, feedback (Markdown and HTML, a page for each
    learner), junit, gradescope.

    Exit status: 0 every learner was graded, 1 one was not (or handed in nothing), 2 wrong use, or something ambiguous.
    """
    need("nbval", "pytest", "ipykernel", "rich", lock="requirements-grade.lock", code=2)
    from bgd_course.grading.submissions import recognise

    if not hasattr(os, "fork"):
        raise UserError("grading needs Linux (or, for your own files, macOS); on Windows use WSL 2", 2)
    if no_sandbox and options["level"]:
        raise UserError("--no-sandbox and --level exclude each other: choose one", 2)
    if output.resolve() == submissions.resolve():
        raise UserError(f"{output} holds the submissions: name another folder with --output", 2)
    try:
        found = recognise(submissions, roster, assume)
    except (OSError, ValueError) as error:
        raise UserError(printable(str(error)), 2) from None
    say_plan(found, submissions, all_of_it=only_plan)
    with ended_by_sigterm(), what_cannot_be_written(output):
        return write_plan(found, output) if only_plan else grade_all(found, submissions, output, no_sandbox, **options)


def grade_all(found, submissions, output, no_sandbox, level, scheduler, **options):
    """The exit status of a run on what was recognised."""
    from bgd_course.grading import classroom, sandbox

    root = checkout()
    with ExitStack() as stack:
        try:
            classroom.refuse_links(output)
            stack.enter_context(classroom.only_run(output))
            classroom.remove_folders_of_the_dead()
            wall = "none" if no_sandbox else level if scheduler else sandbox.chosen(level)
            before = classroom.other_version(output)
            plan = plan_of(found, submissions, output, wall, root, **options)
        except (ValueError, sandbox.NoSandbox) as error:
            raise UserError(str(error), 2) from None
        if before:
            say_version(output, before)
        plan = stack.enter_context(on_cluster(plan, scheduler)) if scheduler else plan
        say_level(plan.level)
        try:
            results = with_progress(classroom.grade, found.submissions, plan)
        except KeyboardInterrupt:
            click.echo("Stopped. What is graded is kept; the same command goes on from there.", err=True)
            raise
    return say_results(results, output, found.layout)


def plan_of(found, submissions, output, wall, root, workers, cell_seconds, salt, again, delimiter, bom):
    """How what was recognised is graded."""
    from bgd_course.grading import classroom, report

    return classroom.Plan(
        notebooks=root / "notebooks",
        output=output,
        level=wall,
        salt=classroom.salt_of(output, salt),
        workers=min(workers, len(found.submissions)),
        cell_seconds=cell_seconds,
        again=again,
        private=(root, submissions if submissions.is_dir() else submissions.parent),
        table=report.Table(delimiter, bom),
        layout=found.layout,
    )


@contextmanager
def what_cannot_be_written(output):
    """Say so in a line where the output folder cannot be written to."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{output} is a file: name a folder with --output", 2) from None
    except OSError as error:
        where = Path(os.fsdecode(error.filename or output))
        where = where.parent if where.name.startswith(".saving-") else where
        what = f"{where} cannot be written: {error.strerror or error}"
        raise UserError(
            f"{what}. What is graded is kept; mend it, and the same command goes on from there", 2
        ) from None


@contextmanager
def ended_by_sigterm():
    """Within it, a request to end is what Ctrl-C is: what is being graded ends at once."""

    def end(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end) if threading.current_thread() is threading.main_thread() else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def say_plan(found, folder, all_of_it):
    """Print what was recognised in a folder: a summary, what needs a look, and with `all_of_it` a line for each
    learner."""
    have = [one for one in found.submissions if one.files]
    without = [one for one in found.submissions if not one.files]
    notebooks = sum(len(one.files) for one in have)
    click.echo(
        f"Layout {found.layout}: {len(have)} of {len(found.submissions)} learners with {notebooks} notebooks,"
        f" {len(without)} without, {len(found.nobodys)} files of nobody."
    )
    for one in found.submissions if all_of_it else without:
        said = "; ".join([*shown_files(one.files, folder), *one.left]) or "nothing handed in"
        click.echo(printable(f"{one.learner!r}: {said}"), err=not all_of_it)
    nobodys = [f"nobody's: {name}" for name in found.nobodys]
    more = [f"nobody's: {len(nobodys) - 10} more; --plan writes all of them into plan.csv"] * (len(nobodys) > 10)
    for line in [*found.warnings, *nobodys[:10], *more]:
        click.echo(printable(line), err=True)


def shown_files(files, folder):
    """What is printed of a learner's files: each as it is called in the folder; of more than three, how many."""
    if len(files) <= 3:
        return [str(path.relative_to(folder)) if path != folder else path.name for path in files]
    first, *_, last = sorted(path.name for path in files)
    return [f"{len(files)} notebooks: {first} … {last}"]


def write_plan(found, output):
    """The exit status of a plan, after its table is written."""
    from bgd_course.grading import report
    from bgd_course.notebooks import write_atomically

    output.mkdir(parents=True, exist_ok=True)
    write_atomically(output / "plan.csv", report.plan(found))
    click.echo(f"Nothing was graded, and no notebook opened. The plan is in {output / 'plan.csv'}.")
    return int(not all(one.files for one in found.submissions))


def printable(text):
    """A text on one line, without what steers a terminal."""
    from bgd_course.grading.report import printable

    return printable(text)


@contextmanager
def on_cluster(plan: "Plan", address: str) -> Iterator["Plan"]:
    """The plan, with as many workers as the cluster at this address has threads."""
    from bgd_course.grading import remote, sandbox

    with ExitStack() as stack:
        try:
            from bgd_helpers.scale.cluster import connected

            client = stack.enter_context(connected(address=address))
            client.run(remote.refuse_current_folder)
            levels = set(client.run(sandbox.chosen, plan.level).values()) if plan.level != "none" else {"none"}
        except (ImportError, OSError, TimeoutError, ValueError, sandbox.NoSandbox) as error:
            raise UserError(f"{address} cannot be used: {error}", 2) from None
        workers = sum(client.nthreads().values())
        yield plan._replace(level=min(levels), workers=workers, make_worker=partial(remote.Remote, client=client))


def say_results(results: Sequence["Result"], output: Path, layout: str = "") -> int:
    """The exit status of a grading run, after a line on each submission of which something was not graded."""
    from bgd_course.grading.report import graded, not_in_gradebook, of_others

    for result in results:
        if graded(result) != "yes" or result.notes:
            click.echo(
                f"{result.learner!r} ({graded(result)}): {printable(' '.join(result.notes))}".rstrip(": "),
                err=True,
            )
    if left := of_others(results, output):
        names = printable(", ".join(left[:3])) + ", …" * (len(left) > 3)
        click.echo(f"{output} also holds reports of others, from another run: {names}", err=True)
    if left := not_in_gradebook(results, layout):
        names = printable(", ".join(map(repr, left)))
        click.echo(f"gradebook-{layout}.csv has no score for: {names}", err=True)
    handed_in = [result for result in results if graded(result) != "nothing handed in"]
    done, kept = (sum(getattr(result, key) for result in handed_in) for key in ("graded", "kept"))
    before = f" ({kept} by an earlier run)" if kept else ""
    click.echo(f"{done} of {len(handed_in)} submissions graded{before}: {output / 'scores.csv'}")
    return int(not all(result.graded and graded(result) != "nothing handed in" for result in results))


def say_version(output: Path, before: str) -> None:
    """Print that another version of the course began this run."""
    versions = f"version {before}; this is {bgd_helpers.__version__}"
    what = "what has not changed keeps its scores unless you say --again"
    click.echo(f"{output} was begun by another version of the course ({versions}): {what}.", err=True)


def say_level(wall: str) -> None:
    """Print what stands between the answers and this machine."""
    if wall == "none":
        click.echo("NO SANDBOX: the answers run with all your rights. For your own files only.", err=True)
    else:
        click.echo(f"Sandbox: {wall}.")


def with_progress(grade_all: Callable, found: Sequence, plan: "Plan") -> list["Result"]:
    """The results, with a bar on the terminal meanwhile."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as bar:
        task = bar.add_task("grading", total=len(found))
        return grade_all(found, plan, lambda result: bar.advance(task))


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("release"))
@click.option("--solutions", is_flag=True, help="With the worked solutions, in a folder of their own: for afterwards.")
def release(folder: Path, solutions: bool) -> None:
    """Write a folder ready to be a class's repository: the learner's edition, with all that it needs.

    Into a FOLDER that is a release already, what has changed is brought; what you added or changed there stays.
    """
    root = checkout()
    need("nbformat")
    from bgd_course import release as releasing

    if releasing.is_one(root):
        raise UserError("this is a release already: release from the course's own repository")
    try:
        changed = releasing.write(root, folder, solutions)
    except (FileExistsError, ValueError) as error:
        raise UserError(str(error)) from None
    except OSError as error:
        what = f"{error.filename or folder} cannot be written: {error.strerror or error}"
        raise UserError(f"{what}. Mend it, and the same command goes on from there") from None
    for name in changed:
        click.echo(f"{name} was changed there and is left as it is; remove it to have the course's.", err=True)
    click.echo(f"{folder} is ready: make it a repository, or hand it out as it is.")


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("site"))
@click.option("--offline", type=click.Path(path_type=Path), help="A folder with Pyodide's wheels, to go into the site.")
@click.option("--serve", is_flag=True, help="Open the site in a browser; Ctrl-C ends it.")
def site(folder: Path, offline: Path | None, serve: bool) -> None:
    """Write the site into FOLDER: static files for any web server.

    A book to read, and a workbook that runs in the browser. Python there comes from Pyodide's CDN, unless --offline.
    """
    root = checkout()
    need("jupyterlite_core", "sphinx", "myst_nb", lock="requirements-site.lock")
    from bgd_course import site as making
    from bgd_course.site.pyodide import Missing

    try:
        making.write(root, folder.resolve(), offline and offline.resolve())
    except (FileExistsError, Missing) as error:
        raise UserError(str(error)) from None
    click.echo(f"{folder} is ready: {sum(one.stat().st_size for one in folder.rglob('*')) / 1e6:.0f} MB.")
    if serve:
        serve_site(folder)


def serve_site(folder: Path) -> None:
    """Serve the site on this machine until Ctrl-C."""
    import webbrowser

    from bgd_course.lab import can_open_browser
    from bgd_course.site.serving import PORT, server

    try:
        serving = server(folder, PORT)
    except OSError as error:
        raise UserError(f"port {PORT} cannot be used ({error.strerror}): end what serves there") from None
    address = f"http://127.0.0.1:{PORT}/"
    click.echo(f"{address} (Ctrl-C ends it)")
    if can_open_browser():
        webbrowser.open(address)
    with serving, suppress(KeyboardInterrupt):
        serving.serve_forever()


def checkout() -> Path:
    """The folder of the course that this package belongs to."""
    root = Path(bgd_helpers.__file__).resolve().parent.parent
    if not (root / "notebooks").is_dir():
        raise UserError(
            f"no notebooks beside the package in {root}; in a clone of the course: python -m pip install -e ."
        )
    return root


def need(*modules: str, lock: str = "requirements.lock", code: int = 1) -> None:
    """Raise `UserError` unless every one of `modules` is installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        repair = f"python -m pip install -r {lock} (or run make, which does it)"
        raise UserError(f"not installed: {', '.join(missing)}; install what is needed: {repair}", code)


def warm_fonts() -> None:
    """Have Matplotlib list the fonts now: where that is slow, it says so in the first cell that draws."""
    with chdir(checkout()):  # it reads a matplotlibrc where one stands
        import matplotlib.font_manager  # noqa: F401
