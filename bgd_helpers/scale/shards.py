"""A data set in a file, larger than memory perhaps, and the gradient over it (E10), a few rows at a time.

The file is a .npy file of float32: a row an example, its d_0 inputs and after them its d_L targets. A shard is some
of its rows, named by (path, row, count), so that whoever can open the file can work on the shard.
"""

import mmap
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate, chain, pairwise
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator

from bgd_helpers.parameters import Array, Gradient, Parameters, arrays, like

ROWS = 4096  # examples whose gradient is taken at a time: as float64 they stay in the cache, for narrow data
WINDOW = 2**24  # bytes of the file that are mapped into memory at a time
GENERATED = 2**16  # rows that are drawn at a time, each time by a generator of their own
TYPE = np.dtype("<f4")
PARSING = Lock()  # NumPy has Python parse a header; in two threads at once that can fail in 3.11 (cpython issue 106905)
LEAVE = 2**30  # bytes of the disk that a new file leaves free
File: TypeAlias = str | Path


class Shard(NamedTuple):
    """`count` examples of a file, from row `row` on."""

    path: str
    row: int
    count: int  # type: ignore[assignment]  # a tuple has a method of this name


class Table(NamedTuple):
    """What the header of a file says: N rows, so many columns, and where the first row starts (bytes)."""

    N: int
    columns: int
    start: int


def regression_rows(rng: Generator, rows: int, w: Array | Sequence[float], noise: float = 0.1) -> Array:
    """Examples for linear regression, rows x (d + 1): a one, d - 1 normal inputs, and y = x^T w + noise."""
    table = np.empty((rows, len(w) + 1), TYPE)
    table[:, 0] = 1
    table[:, 1:-1] = rng.standard_normal((rows, len(w) - 1), TYPE)
    table[:, -1:] = table[:, :-1] @ np.asarray(w, TYPE) + noise * rng.standard_normal((rows, 1), TYPE)
    return table


def generate(
    path: File,
    N: int,
    make: Callable[[Generator, int], Array],
    seed: int = 0,
    leave: int = LEAVE,
) -> Path:
    """The path of a new file of N examples, drawn by `make(rng, rows)` -> rows x columns: the same for a seed.

    Raises as `write` does.
    """
    columns = make(np.random.default_rng(seed), 1).shape[1]
    sizes = (min(GENERATED, N - start) for start in range(0, N, GENERATED))
    chunks = (make(np.random.default_rng([seed, number]), rows) for number, rows in enumerate(sizes))
    return write(path, chunks, N, columns, leave)


def write(path: File, chunks: Iterable[Array], N: int, columns: int, leave: int = LEAVE) -> Path:
    """The path of a new file of N rows, given as an iterable of chunks of rows; whole or not there at all. Where it is
    a link, the file that it leads to is written.

    Raises OSError if less than `leave` bytes of the disk would stay free, ValueError if the chunks are not N rows.
    """
    path = Path(path)
    real = Path(os.path.realpath(path))
    _check_space(real, N * columns * TYPE.itemsize, leave)
    with _appears_whole(real) as file:
        header = {"descr": TYPE.str, "fortran_order": False, "shape": (N, columns)}
        np.lib.format.write_array_header_1_0(file, header)
        done = sum(_write_chunk(file, chunk, columns) for chunk in chunks)
        if done != N:
            raise ValueError(f"the chunks have {done} rows together, and N is {N}")
    return path


def _write_chunk(file, chunk, columns):
    """The number of rows written."""
    if np.ndim(chunk) != 2 or chunk.shape[1] != columns:
        raise ValueError(f"a chunk has shape {np.shape(chunk)}: it is 2-D with {columns} columns")
    file.write(np.ascontiguousarray(chunk, TYPE))
    return len(chunk)


def _check_space(path, needed, leave):
    free = shutil.disk_usage(path.parent).free
    if free - needed < leave:
        raise OSError(
            f"{path.name} takes {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in {path.parent}: "
            f"{leave / 1e9:.1f} GB have to stay free; choose another folder or fewer rows"
        )


@contextmanager
def _appears_whole(path):
    """A file to write to; at the end it takes the name `path`, after an error it is gone."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def table_of(path: File) -> Table:
    """The Table that the header of a file describes.

    Raises FileNotFoundError, or ValueError if it is not a whole .npy file of float32 with a row an example.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file {path}: `generate` writes one; each machine of a cluster needs it")
    with open(path, "rb") as file:
        shape, dtype = _header(file, path)
        start, size = file.tell(), os.fstat(file.fileno()).st_size
    if dtype != TYPE or len(shape) != 2:
        raise ValueError(f"{path} holds {dtype} of shape {shape}: it has to be float32 and 2-D, a row an example")
    expected = start + shape[0] * shape[1] * TYPE.itemsize
    if size != expected:
        raise ValueError(f"{path} has {size} bytes and its header promises {expected}: write it again")
    return Table(shape[0], shape[1], start)


def _header(file, path):
    """The shape and type of an array in C order."""
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        with PARSING:
            shape, by_columns, dtype = read(file)
    except (ValueError, KeyError):
        raise ValueError(f"{path} is not a .npy file: `write` and `generate` write one") from None
    if by_columns:
        raise ValueError(f"{path} is stored column by column: save it with np.ascontiguousarray")
    return shape, dtype


def shards_of(path: File, number: int) -> list[Shard]:
    """`number` shards that are the whole file, in its order; their sizes differ by 1 at most.

    Raises as `table_of` does, and ValueError unless 1 <= number <= N.
    """
    N = table_of(path).N
    if not 1 <= number <= N:
        raise ValueError(f"{number!r} shards of {N} examples: choose from 1 to {N}")
    return shards_with(path, [N // number + (s < N % number) for s in range(number)])


def shards_with(path: File, sizes: Sequence[int]) -> list[Shard]:
    """Shards of these sizes N_s that are the whole file, in its order.

    Raises as `table_of` does, and ValueError unless the sizes are at least 1 and sum to N.
    """
    N = table_of(path).N
    if sum(sizes) != N or min(sizes) < 1:
        raise ValueError(f"the sizes {list(sizes)} sum to {sum(sizes)}: at least 1 each, {N} together")
    return [Shard(str(path), stop - size, size) for size, stop in zip(sizes, accumulate(sizes))]


def rows_of(shard: Shard, rows: int = ROWS) -> Iterator[Array]:
    """The examples of a shard in order, as float64 arrays of `rows` rows (the last may be shorter).

    The file is mapped a window at a time, while the system already reads the next.
    Raises as `table_of` does, and ValueError for rows outside the file or rows < 1.
    """
    table = table_of(shard.path)
    _check_shard(shard, table, rows)
    for window, _ in pairwise(chain(_windows(shard, table, rows), [None])):  # the next is made before one is handed out
        for start in range(0, len(window), rows):
            yield window[start : start + rows].astype(float)


def _windows(shard, table, rows):
    """The rows of a shard as mapped arrays of WINDOW bytes at most, or one chunk; each leaves memory with its array."""
    row_bytes = table.columns * TYPE.itemsize
    each, stop = max(1, WINDOW // (rows * row_bytes)) * rows, shard.row + shard.count
    for row in range(shard.row, stop, each):
        shape = (min(each, stop - row), table.columns)
        window = np.memmap(shard.path, TYPE, "r", table.start + row * row_bytes, shape)
        if hasattr(mmap, "MADV_WILLNEED"):
            window._mmap.madvise(mmap.MADV_WILLNEED)  # the system reads it while we work on the one before
        yield window


def _check_shard(shard, table, rows):
    if not (0 <= shard.row and 1 <= shard.count <= table.N - shard.row):
        raise ValueError(
            f"rows {shard.row} to {shard.row + shard.count - 1} of {shard.path}: it has the rows 0 to {table.N - 1}"
        )
    if not rows >= 1:
        raise ValueError(f"rows is {rows!r}: a chunk has 1 example or more")


def gradient_over(
    gradient: Gradient, theta: Parameters, shard: Shard, targets: int = 1, rows: int = ROWS
) -> Parameters:
    """The gradient of J_s, the mean over a shard, from chunks of rows: the extra memory is bounded.

    E10, the chunks being shards of the shard. `gradient(theta, X, Y)` is the mean gradient over the examples that it
    is given, X being all columns but the last `targets`, Y those; anything else that is a mean, the cost say, will
    do. Chunks are float64 and so are the sums: it is the gradient of the file's numbers in memory as float64, up to
    rounding (1e-12 of its largest entry). Raises as `rows_of` does, and ValueError unless there are inputs left.
    """
    columns = table_of(shard.path).columns
    if not 1 <= targets < columns:
        raise ValueError(f"targets is {targets!r}: of {columns} columns 1 to {columns - 1} are targets")
    counts = [min(rows, shard.count - start) for start in range(0, shard.count, rows)]
    parts = (gradient(theta, chunk[:, :-targets], chunk[:, -targets:]) for chunk in rows_of(shard, rows))
    return weighted_mean(parts, counts)


def gradient_over_all(
    gradient: Gradient, theta: Parameters, shards: Sequence[Shard], targets: int = 1, rows: int = ROWS, threads: int = 1
) -> Parameters:
    """The gradient of J over several shards. E10: grad J = sum_s (N_s / N) grad J_s.

    They are added in their order, so that the sum is the same for any number of threads. Raises as `gradient_over`.
    """
    counts = [shard.count for shard in shards]
    if threads == 1:  # a browser has no other
        return weighted_mean((gradient_over(gradient, theta, shard, targets, rows) for shard in shards), counts)
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda shard: gradient_over(gradient, theta, shard, targets, rows), shards)
        return weighted_mean(parts, counts)


def weighted_mean(values: Iterable[Parameters | float], counts: Sequence[int]) -> Parameters:
    """The mean over all examples from the means over parts of them: sum_s (N_s / N) value_s (E10).

    A value is a number, an array or a list of (dW, db) pairs; they are added in order, as float64 or wider.
    Raises ValueError if there are no values, or not one for each count.
    """
    total, N = None, sum(counts)
    for value, count in zip(values, counts, strict=True):
        built = value if isinstance(value, list) else np.asarray(value)
        parts = [np.float64(count / N) * p for p in arrays(built)]
        total = parts if total is None else [a + b for a, b in zip(total, parts)]
    if total is None:
        raise ValueError("no shards: a mean needs at least one")
    return like(built, total)
