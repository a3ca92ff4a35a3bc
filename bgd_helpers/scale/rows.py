"""The gradient by rows (E10): as fast as one piece, with extra memory for a chunk of the examples only."""

from typing import NamedTuple

import numpy as np

from bgd_helpers.inputs import check_inputs, check_targets, explain_nonfinite
from bgd_helpers.network import one_per_layer

BLOCK = 2**13  # entries of an array that element-wise work takes at a time, to stay in the cache


def backprop_by_rows(theta, X, Y, activations, rows=2048):
    """The same gradient, `rows` examples at a time: fast, and the extra memory is bounded by the chunk.

    E10: grad J = sum_s (N_s / N) grad J_s, exactly, for any partition of the examples.
    Raises ValueError as `backprop` does, and unless rows >= 1.
    """
    f, N = one_per_layer(activations, theta), len(X)
    check_inputs(theta, X, axes=2)
    check_targets(Y, (N, theta[-1][0].shape[-1]))
    if not rows >= 1:
        raise ValueError(f"rows is {rows!r}: a chunk has 1 example or more")
    sums, work = _arrays_for_rows(theta, X, Y, min(rows, N))
    for start in range(0, N, rows):
        _add_rows(sums, work, theta, X[start : start + rows].T, Y[start : start + rows].T, f)
    grad = [(np.divide(dW.mT, N, order="C"), db / N) for dW, db in sums]
    explain_nonfinite(grad, X, Y)
    return grad


class _Work(NamedTuple):
    """Arrays that every chunk of rows uses again; one column an example, which BLAS multiplies fastest."""

    A: list
    Z: list
    delta: list
    product: list


def _arrays_for_rows(theta, X, Y, rows):
    """Zeroed sums for (dW^T, db) of each layer, and the work arrays for chunks of `rows` examples."""
    dtype = np.result_type(X, Y, *(p for pair in theta for p in pair), np.float32)
    sums = [(np.zeros(W.mT.shape, dtype), np.zeros(b.shape, dtype)) for W, b in theta]
    columns = [[np.empty((*b.shape, rows), dtype) for _, b in theta] for _ in range(3)]
    return sums, _Work(*columns, [np.empty_like(dW) for dW, _ in sums])


def _add_rows(sums, work, theta, X, Y, f):
    """E1, E4, E5, E7, E8 for one chunk, transposed and without the 1/N, added to the sums."""
    A, Z, delta = ([array[..., : X.shape[-1]] for array in arrays] for arrays in work[:3])
    Z_prev = [X, *Z]
    for k, (W, b) in enumerate(theta):
        np.matmul(W.mT, Z_prev[k], out=A[k])
        for block in _blocks(A[k]):
            A[k][block] += b[..., None][block]
            Z[k][block] = f[k].f(A[k][block])
    np.multiply(np.subtract(Z[-1], Y, out=delta[-1]), 2, out=delta[-1])
    for k in reversed(range(len(theta))):
        for block in _blocks(A[k]):
            delta[k][block] *= f[k].df(A[k][block], Z[k][block])
        for total, part in zip(
            sums[k], (np.matmul(delta[k], Z_prev[k].mT, out=work.product[k]), delta[k].sum(axis=-1))
        ):
            total += part
        if k > 0:
            np.matmul(theta[k][0], delta[k], out=delta[k - 1])


def _blocks(array):
    """Index expressions for a few units at a time, whatever the number of examples."""
    units = max(1, BLOCK // array.shape[-1])
    return [(..., slice(j, j + units), slice(None)) for j in range(0, array.shape[-2], units)]
