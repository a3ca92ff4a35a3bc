"""CPU time per update of small models: whole descents, the same start, the same batches in the same order."""

import warnings
from typing import NamedTuple

import numpy as np

from bench.peers import alternate, check_equal, present, versions
from bgd_helpers import descent, network, theory

N = 320  # a multiple of 32: every batch is whole, as scan wants it
SIZES = (1, 32, N)
PEERS = ("PyTorch", "scikit-learn", "autograd", "JAX")
ETA = 0.01


class Problem(NamedTuple):
    """A tanh net with a linear output, or, with no hidden layer, linear regression."""

    name: str
    theta: list
    X: np.ndarray
    Y: np.ndarray


def problem(widths):
    rng = np.random.default_rng(0)
    theta = network.initial_parameters(widths, rng)
    X = rng.normal(size=(N, widths[0]))
    Y = np.sin(X.sum(axis=1, keepdims=True)) + 0.1 * rng.normal(size=(N, 1))
    return Problem("-".join(map(str, widths)) if len(widths) > 2 else "linear", theta, X, Y)


def flat(theta):
    return [np.asarray(p) for pair in theta for p in pair]


def ours(task, size, epochs):
    activations = ["tanh"] * (len(task.theta) - 1) + ["identity"]
    gradient, theta, X = network.gradient_of(activations), task.theta, task.X
    if task.name == "linear":
        (W, b), X = task.theta[0], theory.with_ones(task.X)
        gradient, theta = theory.linear_gradient, np.vstack([b, W])

    def run():
        end = descent.descend(gradient, theta, X, task.Y, ETA, size, epochs, order="as given")[-1]
        return [end[1:], end[0]] if task.name == "linear" else flat(end)

    return run


def pytorch(task, size, epochs):
    import torch

    torch.set_num_threads(1)
    X, Y = (torch.from_numpy(array).split(size) for array in (task.X, task.Y))
    last = 2 * len(task.theta) - 2

    def run():
        theta = [torch.tensor(p, requires_grad=True) for p in flat(task.theta)]
        for _ in range(epochs):
            for x, y in zip(X, Y):
                z = x
                for k in range(0, last, 2):
                    z = torch.tanh(torch.addmm(theta[k + 1], z, theta[k]))
                error = torch.addmm(theta[last + 1], z, theta[last]) - y
                grad = torch.autograd.grad((error * error).mean(), theta)
                with torch.no_grad():
                    for p, dp in zip(theta, grad):
                        p.sub_(dp, alpha=ETA)
        return [p.detach().numpy() for p in theta]

    return run


def scikit_learn(task, size, epochs):
    """Its loss has a factor 1/2, so its learning rate is 2 eta."""
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=[len(b) for _, b in task.theta[:-1]], activation="tanh", solver="sgd", alpha=0,
        batch_size=size, learning_rate_init=2 * ETA, momentum=0, nesterovs_momentum=False, shuffle=False, tol=0,
        n_iter_no_change=10**9, max_iter=1, warm_start=True,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "has not converged" after the one epoch that sets it up
        model.fit(task.X, task.Y[:, 0])
    model.max_iter = epochs

    def run():
        model.coefs_ = [W.copy() for W, _ in task.theta]
        model.intercepts_ = [b.copy() for _, b in task.theta]
        model.fit(task.X, task.Y[:, 0])
        return flat(zip(model.coefs_, model.intercepts_))

    return run


def autograd(task, size, epochs):
    import autograd.numpy as anp
    from autograd import grad

    def cost(theta, X, Y):
        for W, b in theta[:-1]:
            X = anp.tanh(anp.dot(X, W) + b)
        W, b = theta[-1]
        return anp.mean((anp.dot(X, W) + b - Y) ** 2)

    gradient = grad(cost)
    batches = [(task.X[n : n + size], task.Y[n : n + size]) for n in range(0, N, size)]

    def run():
        theta = task.theta
        for _ in range(epochs):
            for X, Y in batches:
                theta = [(W - ETA * dW, b - ETA * db) for (W, b), (dW, db) in zip(theta, gradient(theta, X, Y))]
        return flat(theta)

    return run


def jax(task, size, epochs):
    import jax.numpy as jnp
    from jax import grad, jit, lax, tree

    def cost(theta, X, Y):
        for W, b in theta[:-1]:
            X = jnp.tanh(X @ W + b)
        W, b = theta[-1]
        return jnp.mean((X @ W + b - Y) ** 2)

    def update(theta, batch):
        return tree.map(lambda p, dp: p - ETA * dp, theta, grad(cost)(theta, *batch)), None

    @jit
    def descend(theta, batches):
        return lax.scan(lambda theta, _: (lax.scan(update, theta, batches)[0], None), theta, length=epochs)[0]

    batches = [jnp.asarray(array.reshape(N // size, size, -1)) for array in (task.X, task.Y)]
    return lambda: flat(descend(task.theta, batches))


PREPARE = {"PyTorch": pytorch, "scikit-learn": scikit_learn, "autograd": autograd, "JAX": jax}


def measure(task, size, peers, quick):
    """Microseconds per update for us and each peer."""
    updates = N if quick else 2 * N
    epochs = updates * size // N
    runs = {"ours": ours(task, size, epochs)}
    expected = runs["ours"]()
    for name in peers:
        runs[name] = PREPARE[name](task, size, epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_equal(name, runs[name](), expected, 1e-9)
    return {name: seconds / updates * 1e6 for name, seconds in alternate(runs, 3 if quick else 9).items()}


def report(quick):
    peers = present(PEERS)
    print(f"\nµs of CPU per update (N = {N}), and as a multiple of ours: {versions(peers)}")
    print(f"{'':8} {'B':>4} {'ours':>8}" + "".join(f"{name:>22}" for name in peers))
    for widths in ([1, 1], [1, 16, 1], [2, 8, 8, 1]):
        task = problem(widths)
        for size in SIZES:
            found = measure(task, size, peers, quick)
            cells = "".join(f"{found[name]:13.2f} ({found[name] / found['ours']:5.2f})" for name in peers)
            print(f"{task.name:8} {size:4} {found['ours']:8.1f}{cells}", flush=True)
