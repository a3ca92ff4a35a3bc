"""The learner's own lines: where an exception was raised, which loop does not end, whether a `...` still stands."""

import dis
import linecache
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import lru_cache
from threading import current_thread, main_thread
from time import perf_counter, process_time
from types import EllipsisType, TracebackType
from typing import NamedTuple

import numpy as np

_FOREIGN = tuple(os.path.dirname(os.path.abspath(name)) + os.sep for name in (os.__file__, np.__file__))
_FOREIGN += (os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep, "<frozen ", "<__array")
LOOP = 500  # lines that are looked at to find the head of a loop
IDLE = 6  # times as long may an answer take by the clock as it may compute: others want the machine, too


class Where(NamedTuple):
    """A line of the learner's: its number in the cell, its code, the part that failed, what the names in that hold (an
    array's shape, or a phrase), whether it failed in what the part calls, and, where another function of the learner's
    was called, the line that called it."""

    line: int
    code: str
    part: str
    holds: dict
    called: bool
    caller: str = ""


class Endless(BaseException):
    """Raised in a learner's function that runs on when its time is over; no `except Exception` stops it. A bare
    `except:` does: then the exception is gone, or the next call begins, and `swallowed` is called."""

    def __init__(self, line: int, swallowed: Callable, over: Callable, how: str = "runs"):
        super().__init__(how)
        self.line, self.over = line, over
        self.swallowed: Callable | None = swallowed
        sys.setprofile(lambda frame, event, arg: swallowed())

    def arrived(self) -> None:
        """Nothing has swallowed it: nothing is watched any longer, not even where one that was is forgotten late."""
        self.over()
        self.swallowed = None
        sys.setprofile(None)
        sys.settrace(None)

    def __del__(self):
        if self.swallowed:
            self.swallowed()


@contextmanager
def limited(seconds: float | None):
    """Raise Endless in the learner's line that runs when it has computed for `seconds`, or waited for IDLE times as
    long, and in the next one where it is swallowed: by a trace function, so in any thread, browser and system. Without
    a limit, or where a debugger traces already, nothing is watched."""
    if seconds is None or sys.gettrace() is not None:
        yield
        return
    watching = [sys._getframe(2)]  # the block's own frame: what is inside of it is watched
    sys.settrace(_watch(_clock(seconds), watching))
    try:
        with _alarmed(IDLE * seconds):
            yield
    finally:
        watching.clear()
        sys.settrace(None)


@contextmanager
def _alarmed(seconds):
    """Raise Endless where the learner waits, as in `time.sleep`: no line is traced there. Signals are heard in the main
    thread alone."""
    if sys.platform in ("win32", "emscripten") or current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    left = signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def _ring(number, frame):
    if frame and _is_own(frame.f_code.co_filename) and frame.f_trace:
        raise Endless(frame.f_lineno, lambda: sys.setprofile(None), lambda: None, "waits")


def _clock(seconds):
    """Whether the time is over, as a function. It is asked at each line: a look at the clock costs next to nothing."""
    computed, begun = process_time() + seconds, perf_counter()

    def is_over():
        passed = perf_counter() - begun
        return passed > seconds and (process_time() > computed or passed > IDLE * seconds)

    return is_over


def _watch(is_over, watching):
    seen = []

    def step(frame, event, arg):
        if event in ("line", "opcode") and is_over():
            seen.append((frame.f_code, frame.f_lineno))
            if len(seen) > LOOP:
                line = min(number for code, number in seen if code is frame.f_code)
                raise Endless(line, again, watching.clear)  # Python then traces no more
        return step

    def again():
        sys.setprofile(None)
        if watching:
            sys.settrace(enter)
            frame = sys._getframe()
            while frame not in (None, *watching):
                frame.f_trace = step if _is_own(frame.f_code.co_filename) else None
                frame = frame.f_back

    def enter(frame, event, arg):
        if not _is_own(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = _loops_in_a_line(frame.f_code)
        return step

    return enter


@lru_cache
def _loops_in_a_line(code):
    """Whether a loop of that code stands in one line, as in a comprehension: going round it, no new line begins."""
    lines = {step.offset: step.positions.lineno for step in dis.get_instructions(code) if step.positions}
    jumps = [step for step in dis.get_instructions(code) if step.opcode in dis.hasjrel + dis.hasjabs]
    return any(step.argval <= step.offset and lines.get(step.argval) == lines.get(step.offset) for step in jumps)


@lru_cache
def _is_own(filename):
    return not filename.startswith(_FOREIGN)


def where(error: BaseException) -> Where | None:
    """The last line of the learner's that an exception passed; None if there is none."""
    own = _own(error.__traceback__)
    if not own:
        return None
    last, caller = own[-1], "" if own[0].tb_frame.f_code is own[-1].tb_frame.f_code else _line_of(own[0])
    frame, line = last.tb_frame, getattr(error, "line", last.tb_lineno)
    code = _line_of(last, line)
    part = _part(last) or code
    called = last.tb_next is not None
    held = {} if isinstance(error, Endless) else _held(frame, part)
    return Where(line, code, part, held, called, caller if caller != code else "")


def _line_of(step, line=None):
    frame = step.tb_frame
    return linecache.getline(frame.f_code.co_filename, line or step.tb_lineno, frame.f_globals).strip()


def is_placeholder(error: BaseException) -> bool:
    """Whether an exception is due to a `...` that stands, as a value, in the learner's line, or that a name in it got
    in the same function."""
    last = next(reversed(_own(error.__traceback__)), None) if isinstance(error, TypeError) else None
    if last is None or not any(constant is ... for constant in last.tb_frame.f_code.co_consts):
        return False
    place = where(error)
    return _has_dots(last) or place is not None and "nothing (...)" in place.holds.values()


def _own(traceback: TracebackType | None):
    """The steps of a traceback that are the learner's, outermost first."""
    own = []
    while traceback is not None:
        own += [traceback] if _is_own(traceback.tb_frame.f_code.co_filename) else []
        traceback = traceback.tb_next
    return own


def _part(traceback):
    """The piece of the line that was being evaluated."""
    code = traceback.tb_frame.f_code
    line, end, first, last = list(code.co_positions())[traceback.tb_lasti // 2]
    text = linecache.getline(code.co_filename, line or 0, traceback.tb_frame.f_globals)
    return text.encode()[first:last].decode() if text and line == end and first is not None else ""


def _has_dots(traceback):
    """Whether `...` stands on the line, and not in the brackets of an index."""
    line = traceback.tb_lineno
    steps = [s for s in dis.get_instructions(traceback.tb_frame.f_code) if s.positions and s.positions.lineno == line]
    indexed = [s.positions for s in steps if "SUBSCR" in s.opname or s.argrepr == "[]"]
    dots = [s.positions for s in steps if s.argval is ...]
    return any(not any(i.col_offset < d.col_offset < i.end_col_offset for i in indexed) for d in dots)


def _held(frame, part):
    """What the names in a piece of code hold: an array's shape, or a phrase; modules and long things are left out."""
    names = dict.fromkeys(re.findall(r"(?<![\w.])[A-Za-z_]\w*\b(?!\()", part))
    scope = {**frame.f_globals, **frame.f_locals}
    held = {name: _phrase(scope[name]) for name in names if name in scope}
    return {name: phrase for name, phrase in held.items() if phrase is not None}


def _phrase(value):
    if isinstance(value, np.ndarray):
        return value.shape
    if value is None:
        return "nothing (None)"
    if isinstance(value, EllipsisType):
        return "nothing (...)"
    if callable(value) and not isinstance(value, type):
        return "a function"
    if isinstance(value, np.number) or type(value) in (bool, int, float):
        return f"{value:.4g}" if abs(value) < 1e9 else None
    return f"a list of {len(value)}" if type(value) in (list, tuple) else None
