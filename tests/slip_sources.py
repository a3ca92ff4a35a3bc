"""The catalogue's slips as a learner would write them: source code, without the package."""

import ast
import inspect

from bgd_helpers.slips import catalogue

LOOP = """
    A, Z = network.forward(theta, X, activations)
    L, gradient = len(theta), []
    delta = output_delta(Y, Z[L], A[L], activations[L - 1].df)
    for k in range(L, 0, -1):
        gradient.insert(0, (weight_gradient(Z[k - 1], delta), bias_gradient(delta)))
        if k > 1:
            delta = hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], activations[k - 2].df)
    return gradient
"""
RIGHT = {
    "output_delta": "lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(A)",
    "hidden_delta": "lambda delta, W, A, Z, df: (delta @ W.T) * df(A)",
    "weight_gradient": "lambda Z_prev, delta: Z_prev.T @ delta / len(delta)",
    "bias_gradient": "lambda delta: delta.mean(axis=0)",
}


def slips():
    """Exercise to a list of (slip, source of an answer that commits it)."""
    found = {}
    for call in _calls():
        name, wrong = call.args[0].value, call.args[2]
        for key, value in zip(wrong.keys, wrong.values):
            for function in value.elts[:1] if isinstance(value, ast.Tuple) else [value]:
                if isinstance(function, ast.Lambda) and _names(function) <= {"np"}:
                    text = ast.unparse(function)
                    found.setdefault(key.value, []).append((name, f"{key.value} = {text}"))
                    if key.value in RIGHT:
                        found.setdefault("backprop", []).append((name, backprop(**{key.value: text})))
    return found


def _calls():
    tree = ast.parse(inspect.getsource(catalogue))
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Slip"]


def _names(function):
    """The names that a lambda takes from outside, but for built-in functions."""
    own = {argument.arg for node in ast.walk(function) if isinstance(node, ast.arguments) for argument in node.args}
    own |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return used - own - set(__builtins__)


def backprop(**wrong):
    """The source of a backpropagation with its four equations in it, some of them wrong."""
    lines = [f"    {name} = {text}" for name, text in (RIGHT | wrong).items()]
    return "\n".join(["def backprop(theta, X, Y, activations):", *lines]) + LOOP


BATCHES = {
    "short last batch dropped": "order = rng.permutation(N)\nreturn [order[i * B : i * B + B] for i in range(N // B)]",
    "no shuffling": "order = np.arange(N)\nreturn [order[i : i + B] for i in range(0, N, B)]",
    "rng not used": "order = np.random.permutation(N)\nreturn [order[i : i + B] for i in range(0, N, B)]",
    "same order every epoch": "order = np.random.default_rng(3).permutation(N)\n"
    "return [order[i : i + B] for i in range(0, N, B)]",
    "drawn with replacement": "order = rng.integers(N, size=N)\nreturn [order[i : i + B] for i in range(0, N, B)]",
}


def with_batches():
    """`slips()`, and those of the batches, which the catalogue has as functions of the package."""
    bodies = {name: text.replace("\n", "\n    ") for name, text in BATCHES.items()}
    found = [(name, f"def batches(N, B, rng):\n    {text}") for name, text in bodies.items()]
    return slips() | {"batches": found}
