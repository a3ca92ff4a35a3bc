"""The full-batch gradient of 784-256-10: its share of the machine's GEMM peak, and its memory.

Each contender runs in a process of its own; the peak is taken there too, before and after each gradient.
"""

import inspect
import json
import subprocess
import sys
from statistics import median

import numpy as np

from bench.peers import check_equal, cpu_seconds, present, versions
from bgd_helpers import network
from bgd_helpers.scale.rows import backprop_by_rows

WIDTHS = (784, 256, 10)
ACTIVATIONS = ["tanh", "identity"]
SQUARE = 2048
PEERS = ("PyTorch", "JAX", "scikit-learn")


def data(N):
    rng = np.random.default_rng(0)
    return network.initial_parameters(WIDTHS, rng), rng.random((N, WIDTHS[0])), rng.random((N, WIDTHS[-1]))


def flops(N):
    """Forward 2 N P_W, backward 4 N P_W - 2 N d_0 d_1."""
    weights = sum(d_in * d_out for d_in, d_out in zip(WIDTHS, WIDTHS[1:]))
    return 6 * N * weights - 2 * N * WIDTHS[0] * WIDTHS[1]


def by_rows(theta, X, Y):
    return lambda: backprop_by_rows(theta, X, Y, ACTIVATIONS)


def textbook(theta, X, Y):
    return lambda: network.backprop(theta, X, Y, ACTIVATIONS)


def products(theta, X, Y, rows=2048):
    """The matrix products of `by_rows` and nothing else: what element-wise work at no cost would leave."""
    (W1, _), (W2, _) = theta
    Z, A, G1, G2 = (np.zeros(shape) for shape in ((256, rows), (10, rows), (256, 784), (10, 256)))

    def run():
        for start in range(0, len(X), rows):
            x = X[start : start + rows]
            z, a = Z[:, : len(x)], A[:, : len(x)]
            np.matmul(W1.T, x.T, out=z)
            np.matmul(W2.T, z, out=a)
            np.matmul(a, z.T, out=G2)
            np.matmul(W2, a, out=z)
            np.matmul(z, x, out=G1)

    return run


def pytorch(theta, X, Y):
    import torch

    torch.set_num_threads(1)
    parts = [torch.tensor(p, requires_grad=True) for pair in theta for p in pair]
    X, Y = torch.from_numpy(X), torch.from_numpy(Y)

    def run():
        W1, b1, W2, b2 = parts
        error = torch.addmm(b2, torch.tanh(torch.addmm(b1, X, W1)), W2) - Y
        grad = torch.autograd.grad((error * error).sum() / len(X), parts)
        return list(zip(grad[::2], grad[1::2]))

    return run


def jax(theta, X, Y):
    import jax.numpy as jnp
    from jax import block_until_ready, grad, jit

    def cost(theta, X, Y):
        (W1, b1), (W2, b2) = theta
        return ((jnp.tanh(X @ W1 + b1) @ W2 + b2 - Y) ** 2).sum() / len(X)

    X, Y = jnp.asarray(X), jnp.asarray(Y)
    gradient = jit(grad(cost)).lower(theta, X, Y).compile()
    return lambda: block_until_ready(gradient(theta, X, Y))


def scikit_learn(theta, X, Y):
    """The loss and gradient that its solvers call; the loss has a factor 1/2."""
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=[WIDTHS[1]], activation="tanh", solver="sgd", alpha=0, batch_size=10, max_iter=1
    )
    model.partial_fit(X[:10], Y[:10])
    model.coefs_, model.intercepts_ = [W for W, _ in theta], [b for _, b in theta]
    takes = inspect.signature(model._backprop).parameters
    weights = {"sample_weight": None} if "sample_weight" in takes else {}

    def run():
        layers = [X, *(np.empty((len(X), width)) for width in WIDTHS[1:])]
        grads = [np.empty_like(W) for W, _ in theta], [np.empty_like(b) for _, b in theta]
        lists = dict(zip(("activations", "deltas", "coef_grads", "intercept_grads"), (layers, list(layers), *grads)))
        _, dW, db = model._backprop(X=X, y=Y, **weights, **lists)
        return [(2 * W, 2 * b) for W, b in zip(dW, db)]

    return run


PREPARE = {
    "ours, by rows": by_rows,
    "ours, textbook": textbook,
    "products alone": products,
    "PyTorch": pytorch,
    "JAX": jax,
    "scikit-learn": scikit_learn,
}


def peak_flops(square, out):
    return 2 * SQUARE**3 / cpu_seconds(lambda: np.matmul(square, square, out=out))


def most_memory():
    """The most resident memory so far in MB; NaN on Windows."""
    try:
        with open("/proc/self/status") as file:  # not ru_maxrss: on Linux a child starts with its parent's
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1e3
    except FileNotFoundError:
        pass
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return float("nan")
    return getrusage(RUSAGE_SELF).ru_maxrss / 1e6


def contend(name, N, rounds):
    """One contender, in its own process: prints time, share of the peak and memory as JSON."""
    theta, X, Y = data(N)
    PREPARE[name](theta, X[:64], Y[:64])()  # loads and warms what it needs
    run = PREPARE[name](theta, X, Y)
    before = most_memory()
    grad = run()
    memory = most_memory() - before
    if grad is not None:
        expected = backprop_by_rows(theta, X, Y, ACTIVATIONS)
        check_equal(name, *([p for pair in g for p in pair] for g in (grad, expected)), 1e-10)
    square = np.random.default_rng(1).normal(size=(SQUARE, SQUARE))
    out = np.empty_like(square)
    peaks, times = [peak_flops(square, out)], []
    for _ in range(rounds):
        times.append(cpu_seconds(run))
        peaks.append(peak_flops(square, out))
    shares = [2 * flops(N) / t / (a + b) for t, a, b in zip(times, peaks, peaks[1:])]
    print(json.dumps({"seconds": times, "share": shares, "peak": peaks, "memory": memory}))


def ask(name, N, rounds):
    command = [sys.executable, "-m", "bench.gradient", name, str(N), str(rounds)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def report(quick):
    N, rounds, turns = (10_000, 2, 1) if quick else (60_000, 3, 2)
    names = [name for name in PREPARE if name not in PEERS] + present(PEERS)
    print(f"\nFull-batch gradient of 784-256-10, N = {N:,}, float64: {versions([n for n in names if n in PEERS])}")
    found = {name: [] for name in names}
    for _ in range(turns):
        for name in names:
            found[name].append(ask(name, N, rounds))
    pooled = {name: {key: _pool(answers, key) for key in answers[0]} for name, answers in found.items()}
    peak = median(value for values in pooled.values() for value in values["peak"])
    print(f"GEMM peak (squares of {SQUARE}, median): {peak / 1e9:.1f} GFLOP/s; memory: resident, beyond the data")
    print(f"{'':16}{'CPU s':>8}{'to ours':>9}{'of the peak':>13}{'(least-most)':>14}{'memory':>11}")
    ours = median(pooled["ours, by rows"]["seconds"])
    for name, values in pooled.items():
        seconds, share = median(values["seconds"]), values["share"]
        spread = f"({min(share):.0%}-{max(share):.0%})"
        memory = median(values["memory"])
        print(f"{name:16}{seconds:8.2f}{seconds / ours:9.2f}{median(share):13.0%}{spread:>14}{memory:8.0f} MB")


def _pool(answers, key):
    return [value for answer in answers for value in np.ravel(answer[key]).tolist()]


if __name__ == "__main__":
    contend(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
