"""An untrusted file is read a block at a time: what is cut out of it, what is refused, and how much memory it takes."""

import json
import subprocess
import sys

import attacks
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgd_course.grading import collect, files

CUT = ("outputs", "attachments", "widgets")
NAMES = st.sampled_from([*CUT, "source", "a", 'out"puts', "\\", "é"])
TEXTS = st.text(st.sampled_from('ab"\\[]{}:, é\n'), max_size=8) | st.sampled_from(
    ['"outputs": [', "x" * 150, '\\"' * 80]
)
DOCUMENTS = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def without(value):
    """The value with what is cut out of a notebook emptied."""
    if isinstance(value, list):
        return [without(one) for one in value]
    if isinstance(value, dict):
        empty = {name: type(one)() for name, one in value.items() if name in CUT and isinstance(one, list | dict)}
        return {name: without(one) for name, one in value.items()} | empty
    return value


def in_blocks(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(DOCUMENTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
@example({"outputs": ["]"], "a": "\\"}, 1, None, True)
def test_outputs_are_cut_out_wherever_the_blocks_end(document, size, indent, plain):
    data = json.dumps(document, indent=indent, ensure_ascii=plain).encode()
    assert json.loads(files.without_outputs(in_blocks(data, size))) == without(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [2, 3, 1000])
def test_a_text_is_the_same_in_whatever_encoding_and_blocks(encoding, size):
    text = json.dumps({"source": "né 😀", "outputs": [{"a": "é"}]}, ensure_ascii=False)
    data = b"".join(files.narrow(in_blocks(text.encode(encoding), 250 if "16" in encoding else size)))
    assert json.loads(files.as_text(data)) == json.loads(text)
    assert files.as_text(text.encode(encoding)) == text


def test_a_file_that_ends_within_its_outputs_has_what_stands_before_them():
    assert files.without_outputs([b'{"a": 1, "outputs": [{"b": "x']) == b'{"a": 1, "outputs": ['


def test_more_values_than_any_notebook_has_are_refused(tmp_path):
    for name, value in (("many", [{}] * (collect.MOST_VALUES + 2)), ("few", ["," * 10_000_000])):
        (tmp_path / name).write_text(json.dumps({"cells": value}))
    with pytest.raises(files.Unreadable, match="values"):
        collect.cells_of(tmp_path / "many")
    assert collect.cells_of(tmp_path / "few") == []


PEAK = """
import resource, sys
from bgd_course.grading import collect, files
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
print(len(collect.cells_of(sys.argv[1])), collect.guesses_of(sys.argv[1]), len(files.digest_of(sys.argv[1])))
print(peak() - before)
"""


def large(kind, path):
    """A right notebook of 240 MB, most of it in an output: one text, or many."""
    notebook = json.loads(attacks.as_text(attacks.submission()))
    text = "x" * 240_000_000 if kind == "a text" else ["line\n"] * 21_000_000
    notebook["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    path.write_bytes(json.dumps(notebook).encode())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a text", "lines"])
def test_a_notebook_of_240_mb_is_read_in_little_memory(kind, tmp_path, say):
    large(kind, tmp_path / "a.ipynb")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "a.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, taken = done.stdout.splitlines()
    assert found == "10 {} 64" and float(taken) < 60, done.stdout
    say(f"grading: a notebook of 240 MB, {kind} in an output, takes {float(taken):.0f} MB to read")
