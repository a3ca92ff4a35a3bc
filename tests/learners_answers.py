r"""What learners write: wrong answers with what must be heard of them, and right ones in the styles that are met.

Gathered from public threads, pages and course repositories (`SOURCES`); the code is ours, written without the catalogue
of slips at hand. A row of WRONG is: exercise, what must be heard (a pattern for the slip's name and the text), source,
body. The parameters are those of `EXERCISES`; a body that begins with "def " is a whole function.
"""

SOURCES = {
    "nielsen": "github.com/mnielsen/neural-networks-and-deep-learning issues 45, 50; pull 77",
    "dobrzanski": "github.com/MichalDanielDobrzanski/DeepLearningPython issue 17",
    "bot": "github.com/Bot-Academy/NeuralNetworkFromScratch pull 3",
    "grokking": "github.com/iamtrask/Grokking-Deep-Learning issue 56",
    "grus": "github.com/joelgrus/data-science-from-scratch issue 31",
    "gopher": "github.com/dwhitena/gophernet issue 6",
    "xor": "github.com/Frixoe/xor-neural-network issue 1",
    "basic": "github.com/kim-marcel/basic_neural_network issue 7",
    "britz": "github.com/dennybritz/nn-from-scratch pull 3",
    "dlib": "github.com/davisking/dlib issue 1169",
    "tiny": "github.com/tiny-dnn/tiny-dnn issue 159",
    "fastbook": "github.com/fastai/fastbook pull 327",
    "karpathy": "github.com/karpathy/nn-zero-to-hero pull 20",
    "dlfs": "github.com/SethHWeidman/DLFS_code issue 9",
    "israfel": "github.com/israfelsr/CS231n issue 5",
    "cs231n": "github.com/cs231n/cs231n.github.io issue 186; its notes on gradient checks",
    "split": "github.com/numpy/numpy issues 12691, 19970",
    "pybrain": "github.com/pybrain/pybrain issue 71",
    "chainer": "github.com/chainer/chainer issue 1416",
    "keras": "github.com/keras-team/keras pulls 34, 5883",
    "ert": "github.com/equinor/ert pull 6817",
    "lasagne": "stackoverflow.com, iterate_minibatches with range(0, N - batchsize + 1, batchsize)",
    "int": "stackoverflow.com questions 78417131, 5305527: a step that an int array cuts off",
    "dlai": "community.deeplearning.ai topics 241052, 402919, 63071, 119220, 674897, 165",
    "udacity": "github.com/udacity/deep-learning pull 288; hidden_error * (1 - hidden_error) in course notes",
    "rashid": "Rashid, Make Your Own Neural Network: errors = who.T @ output_errors",
    "trask": "iamtrask.github.io, a neural network in 11 lines",
    "mse": "math.techqa.club 4158072; github.com/ADGEfficiency/teaching-monolith issue 1",
    "coursera": "Coursera, Machine Learning (Ng), exercise 4 forums: 1/m, lambda, the bias column",
    "so-descent": "stackoverflow.com, gradient descent using Python and NumPy: m and n confused, theta = temp",
    "bpnn": "github.com/Lupino/bpnn issue 2",
    "ttezel": "github.com/ttezel/nn issue 8",
    "scratch": "github.com/oreilly-japan/deep-learning-from-scratch pull 37, its numerical_gradient",
    "kinds": "kinds of slips reported by teachers, no single thread",
}

_FORWARD = "A, Z = network.forward(theta, X, activations)\nL = len(theta)\n"
_PASS = (
    _FORWARD
    + """delta = output_delta(Y, Z[L], A[L], activations[L - 1].df)
gradient = []
for k in range(L, 0, -1):
    gradient.insert(0, (weight_gradient(Z[k - 1], delta), bias_gradient(delta)))
    if k > 1:
        delta = hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], activations[k - 2].df)
return gradient"""
)
_SENT = (
    _FORWARD
    + """error, gradient = 2 * (Z[L] - Y), []
for k in range(L, 0, -1):
    delta = error * activations[k - 1].df(A[k])
    gradient.insert(0, (Z[k - 1].T @ delta / len(X), delta.mean(axis=0)))
    error = error @ theta[k - 1][0].T
return gradient"""
)
_NIELSEN = """acts, zs, a = [X], [], X
for (w, b), f in zip(theta, activations):
    zs.append(np.dot(a, w) + b)
    a = f.f(zs[-1])
    acts.append(a)
nabla = [None] * len(theta)
delta = 2 * (acts[-1] - Y) * activations[-1].df(zs[-1])
nabla[-1] = (acts[-2].T.dot(delta) / len(X), delta.mean(0))
for l in range(2, len(theta) + 1):
    delta = delta.dot(theta[-l + 1][0].T) * activations[-l].df(zs[-l])
    nabla[-l] = (acts[-l - 1].T.dot(delta) / len(X), delta.mean(0))
return nabla"""
_EXAMPLES = """total = [(np.zeros_like(W), np.zeros_like(b)) for W, b in theta]
for n in range(len(X)):
    z, pre = [X[n]], []
    for (W, b), f in zip(theta, activations):
        pre.append(z[-1] @ W + b)
        z.append(f.f(pre[-1]))
    d = -2 * (Y[n] - z[-1]) * activations[-1].df(pre[-1])
    for k in reversed(range(len(theta))):
        total[k] = (total[k][0] + np.outer(z[k], d), total[k][1] + d)
        if k:
            d = (theta[k][0] @ d) * activations[k - 1].df(pre[k - 1])
return [(W / len(X), b / len(X)) for W, b in total]"""


def _but(body, *changes):
    for old, new in zip(changes[::2], changes[1::2]):
        assert old in body, old
        body = body.replace(old, new)
    return body


_TAKE = "    gradient.insert(0, (weight_gradient(Z[k - 1], delta), bias_gradient(delta)))\n"
_BACK = "delta = hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], activations[k - 2].df)"
_OWN = (  # with two equations in functions of the learner's own
    "def hidden_delta(delta_next, W_next, A, Z, df):\n    return (delta_next @ W_next.T) * df(A)\n"
    "def weight_gradient(Z_prev, delta):\n    return Z_prev.T @ delta / len(delta)\n" + _PASS
)
_DIFF = """gradient = np.zeros_like(theta)
for p in range(len(theta)):
    e = np.zeros_like(theta)
    e[p] = 1
    gradient[p] = (cost(theta + h * e) - cost(theta - h * e)) / (2 * h)
return gradient"""
_RESTORE = """grad = np.zeros_like(theta)
for i in range(theta.size):
    old = theta[i]
    theta[i] = old + h
    above = cost(theta)
    theta[i] = old - h
    below = cost(theta)
    grad[i] = (above - below) / (2 * h)
    theta[i] = old
return grad"""
_CUT = """order = rng.permutation(N)
return [order[s:s + batch_size] for s in range(0, N, batch_size)]"""

# fmt: off
WRONG = [
    # ------------------------------------------------ loss
    ("loss", "^None: in place of .y - y_hat.\\^2.*y y_hat", "kinds", "return np.dot(y, y_hat)"),
    ("loss", "nan_to_num", "nielsen", "return np.sum(np.nan_to_num(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)))"),
    ("loss", "half convention", "tiny", "return 0.5 * np.sum(np.power(y_hat - y, 2))"),
    ("loss", "half convention", "coursera", "d = y - y_hat\nreturn d @ d / 2"),
    ("loss", "mean over outputs", "karpathy", "n = len(y)\nreturn sum((a - b) ** 2 for a, b in zip(y, y_hat)) / n"),
    ("loss", "mean over outputs.*half|half.*mean over", "coursera", "return np.sum((y_hat - y) ** 2) / (2 * len(y))"),
    ("loss", "not squared", "fastbook", "return np.abs(y_hat - y).mean() * len(y)"),
    ("loss", "root", "fastbook", "return np.sqrt(np.mean((y_hat - y) ** 2))"),
    ("loss", "root", "kinds", "return np.linalg.norm(y - y_hat)"),
    ("loss", "square of the sum", "kinds", "total = 0\nfor j in range(len(y)):\n    total += y[j] - y_hat[j]\nreturn total ** 2"),
    ("loss", "not summed", "dlai", "return np.square(y - y_hat)"),
    ("loss", "changed.*`y`|`y` .*changed", "kinds", "return np.sum(np.square(y_hat - y, y))"),
    ("loss", "changed.*`y`|`y` .*changed", "kinds", "y -= y_hat\nreturn (y ** 2).sum()"),
    ("loss", "line 4.*position", "kinds", "s = 0.0\nfor j in y:\n    s += (y[j] - y_hat[j]) ** 2\nreturn s"),
    ("loss", "first output", "kinds", "for j in range(len(y)):\n    return (y[j] - y_hat[j]) ** 2"),
    ("loss", "last unit", "kinds", "for j in range(len(y)):\n    s = (y[j] - y_hat[j]) ** 2\nreturn s"),
    ("loss", "first term|starts? at 1|one output|missing|left out|loop", "kinds", "s = 0\nfor j in range(1, len(y)):\n    s += (y[j] - y_hat[j]) ** 2\nreturn s"),
    ("loss", "last term|missing|left out|loop", "kinds", "s = 0\nfor j in range(len(y) - 1):\n    s += (y[j] - y_hat[j]) ** 2\nreturn s"),
    ("loss", "difference of squares", "kinds", "return np.dot(y, y) - np.dot(y_hat, y_hat)"),
    ("loss", "sign", "mse", "return -np.sum((y - y_hat) ** 2)"),
    ("loss", "cross-entropy|logarithm|NaN", "dlai", "return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))"),
    ("loss", "never ends|endless|does not end", "kinds", "j, s = 0, 0\nwhile j < len(y):\n    s += (y[j] - y_hat[j]) ** 2\nreturn s"),
    ("loss", "returns nothing", "kinds", "print(((y - y_hat) ** 2).sum())"),
    ("loss", "Y_hat.*not defined", "kinds", "return ((y - Y_hat) ** 2).sum()"),
    # ------------------------------------------------ update
    ("update", "have changed places", "kinds", "return eta * gradient - theta"),
    ("update", "no brackets", "kinds", "return (theta - eta) * gradient"),
    ("update", "An axis is gone.*`return` inside", "kinds", "for t, g in zip(theta, gradient):\n    return t - eta * g"),
    ("update", "sign", "so-descent", "new = theta.copy()\nfor i in np.ndindex(new.shape):\n    new[i] = new[i] + eta * gradient[i]\nreturn new"),
    ("update", "changed.*`theta`|`theta`.*changed", "so-descent", "theta -= gradient * eta\nreturn theta"),
    ("update", "changed.*`gradient`|`gradient`.*changed", "kinds", "gradient *= eta\nreturn theta - gradient"),
    ("update", "learning rate left out", "kinds", "return np.subtract(theta, gradient)"),
    ("update", "step without theta", "kinds", "return -1 * np.multiply(gradient, eta)"),
    ("update", "factor 2 again", "kinds", "return theta - 2 * gradient * eta"),
    ("update", "no step", "kinds", "for _ in range(1):\n    theta + 0 - eta * gradient\nreturn theta"),
    ("update", "of its own|fixed|another learning rate|eta", "kinds", "eta = 0.01\nreturn theta - eta * gradient"),
    ("update", "line 2.*single number", "dlai", "return theta - eta @ gradient"),
    ("update", "divided by|factor|learning rate|eta", "so-descent", "return theta - eta * gradient / len(theta)"),
    ("update", "gradient / eta|divided|multipl|factor|times", "kinds", "return theta - gradient / eta"),
    ("update", "norm|length|divided|factor|times", "kinds", "return theta - eta * gradient / np.linalg.norm(gradient)"),
    ("update", "clip|cut off", "kinds", "return theta - eta * np.clip(gradient, -5, 5)"),
    # ------------------------------------------------ mini_batch_update
    ("mini_batch_update", "numbers are right: leave out keepdims", "dlai", "return theta - eta * example_gradients[batch].mean(axis=0, keepdims=True)"),
    ("mini_batch_update", "NaN.*a mean of nothing", "kinds", "return theta - eta * example_gradients[int(batch[0]) : 0].mean(axis=0)"),
    ("mini_batch_update", "missing 1/N", "coursera", "s = np.zeros_like(theta)\nfor n in batch:\n    s += example_gradients[n]\nreturn theta - eta * s"),
    ("mini_batch_update", "divided by N", "so-descent", "m = example_gradients.shape[0]\nreturn theta - eta / m * sum(example_gradients[n] for n in batch)"),
    ("mini_batch_update", "batch ignored", "kinds", "return theta - eta * np.mean(example_gradients, 0)"),
    ("mini_batch_update", "biased|first rows", "kinds", "B = len(batch)\nreturn theta - eta / B * example_gradients[:B].sum(0)"),
    ("mini_batch_update", "mean over everything", "kinds", "return theta - eta * np.mean(example_gradients[batch])"),
    ("mini_batch_update", "last example|one after the other|only one", "grus", "for n in batch:\n    new = theta - eta * example_gradients[n]\nreturn new"),
    ("mini_batch_update", "short last batch", "keras", "return theta - eta / 4 * example_gradients[batch].sum(axis=0)"),
    ("mini_batch_update", "columns|units|width|parameters|one row", "so-descent", "n = example_gradients[batch].shape[1]\nreturn theta - eta / n * example_gradients[batch].sum(axis=0)"),
    ("mini_batch_update", "wrong axis|shape|axis|line 1", "israfel", "return theta - eta * example_gradients[batch].mean(axis=1)"),
    ("mini_batch_update", "line 4.*past the end", "kinds", "s = 0\nfor n in batch:\n    s = s + example_gradients[n, :][batch]\nreturn theta - eta * s / len(batch)"),
    ("mini_batch_update", "not divided|missing 1/N|summed", "kinds", "new = np.copy(theta)\nfor n in batch:\n    new = new - eta * example_gradients[n]\nreturn new"),
    ("mini_batch_update", "changed.*`theta`|`theta`.*changed", "grus", "for n in batch:\n    theta -= eta / len(batch) * example_gradients[n]\nreturn theta"),
    ("mini_batch_update", "sign", "kinds", "return eta * np.average(example_gradients[batch], axis=0) + theta"),
    ("mini_batch_update", "first example|row 0|position|loop|missing", "kinds", "s = 0\nfor i in range(1, len(batch)):\n    s = s + example_gradients[batch[i]]\nreturn theta - eta * s / len(batch)"),
    # ------------------------------------------------ batches
    ("batches", "begins one place after", "kinds", "o = rng.permutation(N)\nreturn [o[s:s + batch_size] for s in range(N // batch_size)]"),
    ("batches", "begins one place after", "kinds", "o = rng.permutation(N)\nreturn [o[s:s + batch_size] for s in range(N)]"),
    ("batches", "\\[10\\].*cut it into slices", "kinds", "return rng.permutation(N)"),
    ("batches", "short last batch dropped", "lasagne", "idx = np.arange(N)\nrng.shuffle(idx)\nreturn [idx[s:s + batch_size] for s in range(0, N - batch_size + 1, batch_size)]"),
    ("batches", "number of batches|batch_size is how many|size.*not.*number|array_split", "split", "return np.array_split(rng.permutation(N), batch_size)"),
    ("batches", "shuffle.*(None|nothing)|returns nothing", "pybrain", "order = rng.shuffle(np.arange(N))\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "batch order matters", "pybrain", "parts = [np.arange(N)[s:s + batch_size] for s in range(0, N, batch_size)]\nreturn [parts[i] for i in rng.permutation(len(parts))]"),
    ("batches", "same order every epoch", "kinds", "r = np.random.default_rng(42)\norder = r.permutation(N)\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "rng not used", "kinds", "import random\norder = list(range(N))\nrandom.shuffle(order)\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "with replacement", "kinds", "return [rng.integers(0, N, min(batch_size, N - s)) for s in range(0, N, batch_size)]"),
    ("batches", "empty", "ert", "order = rng.permutation(N)\nreturn [order[i * batch_size:(i + 1) * batch_size] for i in range(N // batch_size + 1)]"),
    ("batches", "never ends|endless|does not end", "kinds", "order, out, s = rng.permutation(N), [], 0\nwhile s < N:\n    out.append(order[s:s + batch_size])\nreturn out"),
    ("batches", "neighbour|shifted|same.*meet|stay together", "kinds", "order = np.roll(np.arange(N), rng.integers(N))\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "short|rest|last batch.*same|always the same", "chainer", "full = N - N % batch_size\norder = np.concatenate([rng.permutation(full), np.arange(full, N)])\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "no shuffling", "chainer", "return [list(range(s, min(s + batch_size, N))) for s in range(0, N, batch_size)]"),
    ("batches", "batch order matters|never meet", "kinds", "out = []\nfor s in range(0, N, batch_size):\n    part = np.arange(s, min(N, s + batch_size))\n    rng.shuffle(part)\n    out.append(part)\nreturn out"),
    ("batches", "sizes are|first batch|one batch|inside", "kinds", "order = rng.permutation(N)\nfor s in range(0, N, batch_size):\n    return [order[s:s + batch_size]]"),
    ("batches", "sizes are.*\\[3, 3|one short|too short", "kinds", "order = rng.permutation(N)\nreturn [order[s:s + batch_size - 1] for s in range(0, N, batch_size)]"),
    ("batches", "counted 0|from 1", "kinds", "order = rng.permutation(np.arange(1, N + 1))\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("batches", "neighbour|shifted|same.*meet|stay together|revers", "kinds", "order = np.arange(N)[::rng.choice([-1, 1])]\nreturn [order[s:s + batch_size] for s in range(0, N, batch_size)]"),
    # ------------------------------------------------ central_difference
    ("central_difference", "h of its own", "kinds", "return np.array([(cost(theta + e) - cost(theta - e)) / h for e in np.eye(len(theta)) * h / 2])"),
    ("central_difference", "h of its own", "cs231n", "return np.array([(cost(theta + e) - cost(theta - e)) / (2 * h) for e in np.diag(h * theta)])"),
    ("central_difference", "one-sided", "cs231n", "fx, g = cost(theta), np.zeros(len(theta))\nfor i in range(len(theta)):\n    t = theta.copy()\n    t[i] += h\n    g[i] = (cost(t) - fx) / h\nreturn g"),
    ("central_difference", "one-sided", "cs231n", _but(_DIFF, "cost(theta - h * e)", "cost(theta)")),
    ("central_difference", "missing brackets", "kinds", _but(_DIFF, "/ (2 * h)", "/ 2 * h")),
    ("central_difference", "missing brackets", "kinds", _but(_RESTORE, "(above - below) / (2 * h)", "above - below / (2 * h)")),
    ("central_difference", "two names|copy|changed", "kinds", "g = np.zeros_like(theta)\nfor i in range(len(theta)):\n    plus = minus = theta\n    plus[i] += h\n    minus[i] -= h\n    g[i] = (cost(plus) - cost(minus)) / (2 * h)\nreturn g"),
    ("central_difference", "all entries at once", "dlai", "plus, minus = theta + h, theta - h\nreturn (cost(plus) - cost(minus)) / (2 * h) * np.ones(len(theta))"),
    ("central_difference", "changed.*`theta`|`theta`.*changed|entry left moved", "scratch", _but(_RESTORE, "    theta[i] = old\n", "")),
    ("central_difference", "entry left moved|outside|once|put back|unit vector", "kinds", "e, g = np.zeros(len(theta)), np.zeros(len(theta))\nfor p in range(len(theta)):\n    e[p] = 1\n    g[p] = (cost(theta + h * e) - cost(theta - h * e)) / (2 * h)\nreturn g"),
    ("central_difference", "divided by h|2 ?h", "kinds", _but(_RESTORE, "/ (2 * h)", "/ h")),
    ("central_difference", "own|handed over", "scratch", "h = 1e-4\n" + _DIFF),
    ("central_difference", "own|handed over", "kinds", "h = 1e-5\n" + _RESTORE),
    ("central_difference", "relative|own|step", "kinds", _but(_RESTORE, "old = theta[i]\n", "old = theta[i]\n    step = h * abs(old)\n", "old + h", "old + step", "old - h", "old - step", "(2 * h)", "(2 * step)")),
    ("central_difference", "complex", "kinds", "return np.array([np.imag(cost(theta + 1j * h * e)) / h for e in np.eye(len(theta))])"),
    ("central_difference", "complex|exact", "kinds", "g = []\nfor i in range(len(theta)):\n    t = theta.astype(complex)\n    t[i] += 1e-20j\n    g.append(cost(t).imag / 1e-20)\nreturn g"),
    ("central_difference", "five|four points|exact|higher order", "kinds", "g = []\nfor e in np.eye(len(theta)):\n    c = lambda s: cost(theta + s * h * e)\n    g.append((c(-2) - 8 * c(-1) + 8 * c(1) - c(2)) / (12 * h))\nreturn np.array(g)"),
    ("central_difference", "whole number|int", "int", _but(_RESTORE, "grad = np.zeros_like(theta)", "grad = np.zeros(theta.size, dtype=int)")),
    ("central_difference", "whole number|int", "int", "t = theta.astype(int)\n" + _but(_DIFF, "theta", "t")),
    ("central_difference", "shape \\(0,\\)", "kinds", "return np.gradient(cost(theta), h)"),
    ("central_difference", "last entry|last|loop|entry 2|position 2", "kinds", _but(_DIFF, "range(len(theta))", "range(len(theta) - 1)")),
    ("central_difference", "first entry|entry 0|position 0|loop", "kinds", _but(_DIFF, "range(len(theta))", "range(1, len(theta))")),
    ("central_difference", "first entry|inside", "kinds", _but(_DIFF, "\nreturn gradient", "\n    return gradient")),
    ("central_difference", "sign", "kinds", _but(_DIFF, "cost(theta + h * e) - cost(theta - h * e)", "cost(theta - h * e) - cost(theta + h * e)")),
    ("central_difference", "sum of the costs", "kinds", _but(_DIFF, ") - cost(", ") + cost(")),
    ("central_difference", "line 5.*position", "kinds", _but(_DIFF, "range(len(theta))", "theta")),
    ("central_difference", "abs|sign", "kinds", _but(_DIFF, "(cost(theta + h * e) - cost(theta - h * e))", "abs(cost(theta + h * e) - cost(theta - h * e))")),
    ("central_difference", "round", "kinds", _but(_DIFF, "return gradient", "return gradient.round(3)")),
    # ------------------------------------------------ output_delta
    ("output_delta", "another loss, the cross-entropy", "dlai", "dA = -(np.divide(Y, Y_hat) - np.divide(1 - Y, 1 - Y_hat))\nreturn dA * df(A)"),
    ("output_delta", "slope of the error", "kinds", "return -2 * df(Y - Y_hat)"),
    ("output_delta", "sign", "mse", "return 2.0 * df(A) * (Y - Y_hat)"),
    ("output_delta", "half convention", "dlfs", "return df(A) * (Y_hat - Y)"),
    ("output_delta", "no f' at the output", "dobrzanski", "return 2 * (Y_hat - Y)"),
    ("output_delta", "no f' at the output", "nielsen", "d = np.empty_like(Y)\nfor n, (t, o) in enumerate(zip(Y, Y_hat)):\n    d[n] = o - t\nreturn 2 * d"),
    ("output_delta", "f'\\(z\\) for f'\\(a\\)", "gopher", "return (Y_hat - Y) * 2 * df(Y_hat)"),
    ("output_delta", "f'\\(z\\) for f'\\(a\\)", "xor", "return np.einsum('nj,nj->nj', df(Y_hat), -2 * (Y - Y_hat))"),
    ("output_delta", "sigmoid", "trask", "return -2 * (Y - Y_hat) * Y_hat * (1 - Y_hat)"),
    ("output_delta", "1 - A|1 - a|pre-activation", "dlai", "return -2 * (Y - Y_hat) * (1 - A ** 2)"),
    ("output_delta", "1/N twice", "karpathy", "return 2 / Y.shape[0] * (Y_hat - Y) * df(A)"),
    ("output_delta", "mean over outputs", "karpathy", "return 2 * (Y_hat - Y) * df(A) / np.shape(Y)[1]"),
    ("output_delta", "matrix product for", "dlai", "return -2 * (Y - Y_hat) @ df(A)"),
    ("output_delta", "matrix product for", "dlai", "return np.dot(-2 * (Y - Y_hat).T, df(A))"),
    ("output_delta", "squared twice", "mse", "return -2 * np.square(Y - Y_hat) * df(A)"),
    ("output_delta", "summ|one number|shape", "kinds", "return np.sum(-2 * (Y - Y_hat) * df(A), axis=1)"),
    ("output_delta", "line 1.*(call|function)|df.*(function|call)", "kinds", "return -2 * (Y - Y_hat) * df"),
    ("output_delta", "sign|absolute", "kinds", "return 2 * np.abs(Y - Y_hat) * df(A)"),
    ("output_delta", "f for f'", "kinds", "return -2 * (Y - Y_hat) * np.tanh(A)"),
    ("output_delta", "sigmoid", "dlai", "return -2 * (Y - Y_hat) * (Y_hat - Y_hat ** 2)"),
    ("output_delta", "brackets|precedence|not.*whole", "kinds", "return -2 * Y - Y_hat * df(A)"),
    ("output_delta", "first output|column 0|output 0|inside", "kinds", "d = np.zeros(Y.shape)\nfor n in range(len(Y)):\n    d[n, 0] = -2 * (Y[n, 0] - Y_hat[n, 0]) * df(A[n, 0])\nreturn d"),
    ("output_delta", "rows 1, 2.*return", "kinds", "d = np.zeros(Y.shape)\nfor n in range(len(Y)):\n    d[n] = -2 * (Y[n] - Y_hat[n]) * df(A[n])\n    return d"),
    ("output_delta", "target|Y_hat is missing|Y - Y_hat|difference", "kinds", "return 2 * Y_hat * df(A)"),
    # ------------------------------------------------ hidden_delta
    ("hidden_delta", "slope of the error", "kinds", "return df(delta_next @ W_next.T)"),
    ("hidden_delta", "no f' in hidden", "rashid", "return np.dot(delta_next, W_next.T)"),
    ("hidden_delta", "no f' in hidden", "rashid", "return np.einsum('ij,nj->ni', W_next, delta_next)"),
    ("hidden_delta", "f'\\(z\\) for f'\\(a\\)", "grokking", "return delta_next.dot(W_next.T) * df(Z)"),
    ("loss", "0.919 times 1", "own", "return 0.5 * ((y - y_hat) ** 2).sum() + 0.5 * len(y) * np.log(2 * np.pi)"),
    ("update", "or the gradient", "own", "return gradient"),
    ("output_delta", "0.5 times the transpose", "own", "return ((Y_hat - Y) * df(A)).T"),
    ("hidden_delta", "slopes of the weights", "own", "return delta_next @ df(W_next).T * df(A)"),
    ("batch_variance", "near the right value", "own", "rng = np.random.default_rng(0)\nG, B = gradients, batch_size\nreturn np.var([G[rng.choice(len(G), B, replace=replacement)].mean(axis=0) for _ in range(500)], axis=0).sum()"),
    ("gradient_of_shards", "root of N_s", "own", "w = np.sqrt(counts)\nreturn w @ gradients / w.sum()"),
    ("output_delta", "tanh's slope", "own", "return (Y_hat - Y) * (1 - np.square(Y_hat)) * 2"),
    ("hidden_delta", "tanh's slope", "own", "return (delta_next[:, None, :] * W_next).sum(-1) * (1 - Z * Z)"),
    ("hidden_delta", "sigmoid", "udacity", "return delta_next @ W_next.T * Z * (1 - Z)"),
    ("hidden_delta", "slope of the error", "udacity", "err = delta_next @ W_next.T\nreturn err * (1 - err)"),
    ("hidden_delta", "1 - A|1 - a|pre-activation", "dlai", "return delta_next @ W_next.T * (1 - np.power(A, 2))"),
    ("hidden_delta", "missing transpose|W_next", "dlai", "return delta_next.dot(W_next) * df(A)"),
    ("hidden_delta", "column|W_next.T @ delta|missing transpose|W_next", "nielsen", "return np.dot(W_next.T, delta_next) * df(A)"),
    ("hidden_delta", "column|order|W_next", "nielsen", "return W_next @ delta_next * df(A)"),
    ("hidden_delta", "precedence|brackets|first|before|line 1", "kinds", "return df(A) * delta_next @ W_next.T"),
    ("hidden_delta", "no W in hidden|line 1", "bpnn", "return delta_next * df(A)"),
    ("hidden_delta", "1/N twice", "dlai", "m = len(A)\nreturn (delta_next @ W_next.T) * df(A) / m"),
    ("hidden_delta", "matrix product|entry by entry|@|line 1|\\*", "dlai", "return delta_next @ W_next.T @ df(A)"),
    ("hidden_delta", "entry by entry|matrix product|line 1|\\*", "dlai", "return delta_next * W_next.T * df(A)"),
    ("hidden_delta", "last unit|= not", "kinds", "d = np.zeros(A.shape)\nfor j in range(W_next.shape[1]):\n    d = np.outer(delta_next[:, j], W_next[:, j]) * df(A)\nreturn d"),
    ("hidden_delta", "missing|left out|loop|unit", "kinds", "d = np.zeros(A.shape)\nfor j in range(W_next.shape[1] - 1):\n    d += np.outer(delta_next[:, j], W_next[:, j])\nreturn d * df(A)"),
    ("hidden_delta", "half convention", "kinds", "return 0.5 * df(A) * (delta_next @ W_next.T)"),
    ("hidden_delta", "norm|share|divided|each|factor", "rashid", "share = W_next / W_next.sum(axis=0)\nreturn (delta_next @ share.T) * df(A)"),
    ("hidden_delta", "f for f'", "kinds", "return Z * (delta_next @ W_next.T)"),
    ("hidden_delta", "twice|f'.*squared|df", "kinds", "back = (delta_next @ W_next.T) * df(A)\nreturn back * df(A)"),
    ("hidden_delta", "W_next|missing|returns nothing|stub|None|line", "kinds", "back = delta_next @ None\nreturn back * df(A)"),
    # ------------------------------------------------ weight_gradient
    ("weight_gradient", "outer product is that of two vectors", "kinds", "return np.outer(Z_prev, delta) / len(delta)"),
    ("weight_gradient", "An axis is gone", "kinds", "return np.mean(Z_prev.T @ delta, axis=0)"),
    ("weight_gradient", "missing 1/N", "coursera", "return np.einsum('ni,nj->ij', Z_prev, delta)"),
    ("weight_gradient", "dW transposed", "nielsen", "return np.dot(delta.T, Z_prev) / Z_prev.shape[0]"),
    ("weight_gradient", "columns|width", "so-descent", "m = Z_prev.shape[1]\nreturn Z_prev.T.dot(delta) / m"),
    ("weight_gradient", "examples as columns", "dlai", "return 1 / len(delta) * np.dot(Z_prev, delta.T)"),
    ("weight_gradient", "matrix product|entry by entry|line 1", "dlai", "return 1 / len(delta) * np.multiply(Z_prev, delta)"),
    ("weight_gradient", "mean over everything|one number", "kinds", "return np.mean(Z_prev.T @ delta)"),
    ("weight_gradient", "product of means", "kinds", "return Z_prev.mean(0)[:, None] * delta.mean(0)[None, :]"),
    ("weight_gradient", "last example", "grus", "for z, d in zip(Z_prev, delta):\n    g = np.outer(z, d)\nreturn g / len(delta)"),
    ("weight_gradient", "sign", "mse", "return -Z_prev.T.dot(delta) / len(delta)"),
    ("weight_gradient", "first example|row 0|example 0|loop|missing|left out", "kinds", "g = np.zeros((Z_prev.shape[1], delta.shape[1]))\nfor n in range(1, len(delta)):\n    g += np.outer(Z_prev[n], delta[n])\nreturn g / len(delta)"),
    ("weight_gradient", "last example|missing|loop|left out", "kinds", "g = np.zeros((Z_prev.shape[1], delta.shape[1]))\nfor n in range(len(delta) - 1):\n    g += np.outer(Z_prev[n], delta[n])\nreturn g / len(delta)"),
    ("weight_gradient", "weight decay|regular|multiple|added|Z_prev|amount", "coursera", "return Z_prev.T @ delta / len(delta) + 0.01"),
    ("weight_gradient", "step|eta|learning rate|0.1 times", "trask", "return -0.1 * Z_prev.T @ delta / len(delta)"),
    ("weight_gradient", "norm|divided|factor|times", "kinds", "g = Z_prev.T @ delta\nreturn g / np.linalg.norm(g)"),
    ("weight_gradient", "N - 1|one less|factor|times", "kinds", "return Z_prev.T @ delta / (len(delta) - 1)"),
    ("weight_gradient", "clip|cut off", "kinds", "return np.clip(Z_prev.T @ delta / len(delta), -5, 5)"),
    ("weight_gradient", "bias|column.*missing|z is missing|shape", "kinds", "return delta.mean(axis=0)"),
    # ------------------------------------------------ bias_gradient
    ("bias_gradient", "wrong axis", "dlai", "m = delta.shape[1]\nreturn 1 / m * np.sum(delta, axis=1, keepdims=True)"),
    ("bias_gradient", "Over one axis too few", "nielsen", "return delta.T / len(delta)"),
    ("bias_gradient", "bias not averaged", "coursera", "return np.einsum('nj->j', delta)"),
    ("bias_gradient", "wrong axis", "israfel", "return np.sum(delta, 1) / delta.shape[0]"),
    ("bias_gradient", "kept axis", "dlai", "return 1 / len(delta) * np.sum(delta, axis=0, keepdims=True)"),
    ("bias_gradient", "mean over everything", "dlai", "return np.mean(delta)"),
    ("bias_gradient", "not (summed|averaged)|examples|shape", "nielsen", "return delta"),
    ("bias_gradient", "first example|inside", "kinds", "for d in delta:\n    return d / len(delta)"),
    ("bias_gradient", "columns|width", "so-descent", "return delta.sum(axis=0) / delta.shape[-1]"),
    ("bias_gradient", "first example|example 0|missing|loop|left out", "kinds", "s = np.zeros(delta.shape[1])\nfor n in range(1, len(delta)):\n    s += delta[n]\nreturn s / len(delta)"),
    ("bias_gradient", "line 4.*past the end", "kinds", "s = 0\nfor n in range(1, len(delta) + 1):\n    s = s + delta[n]\nreturn s / len(delta)"),
    # ------------------------------------------------ backprop
    ("backprop", "moved on too early", "kinds", _but(_PASS, _TAKE, "", _BACK, _BACK + "\n" + _TAKE.rstrip())),
    ("backprop", "parameters for the gradient", "nielsen", _but(_PASS, "return gradient", "return [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(theta, gradient)]")),
    ("backprop", "line 8.*as in `activations", "kinds", _but(_NIELSEN, "activations[-1].df(zs[-1])", "activations[-1](zs[-1])")),
    ("backprop", "called by `delta = hidden.*A\\[0\\] is None", "kinds", _but(_OWN, "    if k > 1:\n        delta", "    delta")),
    ("backprop", "called by `gradient.insert.*A\\[0\\] is None", "kinds", _but(_OWN, "A, Z = network", "Z, A = network")),
    ("backprop", "called by `delta = hidden.*a pair \\(W, b\\)", "kinds", _but(_OWN, "theta[k - 1][0]", "theta[k - 1]")),
    ("backprop", "already-updated", "grus", "A, Z = network.forward(theta, X, activations)\nW = [w.copy() for w, _ in theta]\nd, out = -2 * (Y - Z[-1]) * activations[-1].df(A[-1]), []\nfor k in range(len(theta) - 1, -1, -1):\n    dW, db = Z[k].T @ d / len(X), d.mean(0)\n    out.insert(0, (dW, db))\n    W[k] -= 0.5 * dW\n    if k:\n        d = d @ W[k].T * activations[k - 1].df(A[k])\nreturn out"),
    ("backprop", "already-updated", "basic", "A, Z = network.forward(theta, X, activations)\nd, out = -2 * (Y - Z[-1]) * activations[-1].df(A[-1]), []\nfor k in range(len(theta), 0, -1):\n    dW = np.einsum('ni,nj->ij', Z[k - 1], d) / len(X)\n    out.append((dW, d.sum(0) / len(X)))\n    if k > 1:\n        new = theta[k - 1][0] - 0.01 * dW\n        d = np.einsum('nj,ij->ni', d, new) * activations[k - 2].df(A[k - 1])\nreturn out[::-1]"),
    ("backprop", "f' of the wrong layer|from (layer )?(3 to 2|2 to 1)", "kinds", _but(_NIELSEN, "activations[-l].df", "activations[-l + 1].df")),
    ("backprop", "f' of the wrong layer|from (layer )?(3 to 2|2 to 1)", "ttezel", _but(_PASS, "activations[k - 2].df", "activations[k - 1].df")),
    ("backprop", "line 11.*7 x 5 meets 7 x 3", "britz", _but(_NIELSEN, "activations[-l].df(zs[-l])", "activations[-l].df(zs[-l + 1])")),
    ("backprop", "z of the wrong layer|Z\\^\\(k", "kinds", _but(_PASS, "weight_gradient(Z[k - 1]", "weight_gradient(Z[k]")),
    ("backprop", "A in place of Z|pre-activation|dW", "kinds", _but(_PASS, "weight_gradient(Z[k - 1]", "weight_gradient(A[k - 1] if k > 1 else X")),
    ("backprop", "W of the wrong layer", "kinds", _but(_PASS, "theta[k - 1][0]", "theta[k - 2][0]")),
    ("backprop", "no f' in hidden|from (layer )?3 to 2", "rashid", _but(_NIELSEN, " * activations[-l].df(zs[-l])", "")),
    ("backprop", "f'\\(z\\) for f'\\(a\\)", "grokking", _but(_NIELSEN, "activations[-l].df(zs[-l])", "activations[-l].df(acts[-l])")),
    ("backprop", "no f' at the output", "bot", _but(_NIELSEN, " * activations[-1].df(zs[-1])", "")),
    ("backprop", "sigmoid|df|f'|from", "ttezel", _but(_NIELSEN, "activations[-l].df(zs[-l])", "(acts[-l] * (1 - acts[-l]))")),
    ("backprop", "missing 1/N", "coursera", _but(_NIELSEN, " / len(X), delta.mean(0)", ", delta.sum(0)")),
    ("backprop", "db|bias not averaged", "coursera", _but(_NIELSEN, "delta.mean(0)", "delta.sum(0)")),
    ("backprop", "before|db|without f'|bias", "kinds", "A, Z = network.forward(theta, X, activations)\nback, out = -2 * (Y - Z[-1]), []\nfor k in range(len(theta), 0, -1):\n    db = back.mean(0)\n    d = back * activations[k - 1].df(A[k])\n    out.insert(0, (Z[k - 1].T @ d / len(X), db))\n    back = d @ theta[k - 1][0].T\nreturn out"),
    ("backprop", "error.*without|no f' in hidden|from (layer )?(3 to 2|2 to 1)|f'", "rashid", "A, Z = network.forward(theta, X, activations)\nerr, out = -2 * (Y - Z[-1]), []\nfor k in range(len(theta), 0, -1):\n    d = err * activations[k - 1].df(A[k])\n    out.insert(0, (Z[k - 1].T @ d / len(X), d.mean(0)))\n    err = err @ theta[k - 1][0].T\nreturn out"),
    ("backprop", "weight decay|multiple of W|times W|added", "coursera", _but(_PASS, "weight_gradient(Z[k - 1], delta)", "weight_gradient(Z[k - 1], delta) + 0.001 * theta[k - 1][0]")),
    ("backprop", "plus 0.05 times `W\\^\\(2\\)`", "coursera", _but(_NIELSEN, "acts[-l - 1].T.dot(delta) / len(X)", "acts[-l - 1].T.dot(delta) / len(X) + 0.05 * theta[-l][0]")),
    ("backprop", "clip|cut off", "kinds", _but(_PASS, "weight_gradient(Z[k - 1], delta)", "np.clip(weight_gradient(Z[k - 1], delta), -5, 5)")),
    ("backprop", "layers reversed", "kinds", _but(_PASS, "insert(0, ", "append(")),
    ("backprop", "dW and db apart", "kinds", _but(_PASS, "return gradient", "return [g[0] for g in gradient], [g[1] for g in gradient]")),
    ("backprop", "layer 1|first layer|loop|missing|list of", "kinds", _but(_PASS, "range(L, 0, -1)", "range(L, 1, -1)")),
    ("backprop", "line.*(index|list)|Z\\[", "kinds", _but(_PASS, "range(L, 0, -1)", "range(L + 1, 0, -1)")),
    ("backprop", "sign", "mse", _but(_NIELSEN, "(acts[-1] - Y)", "(Y - acts[-1])")),
    ("backprop", "half convention", "dlfs", _but(_NIELSEN, "2 * (acts", "(acts")),
    ("backprop", "last example", "kinds", _but(_EXAMPLES, "(total[k][0] + np.outer(z[k], d), total[k][1] + d)", "(np.outer(z[k], d), d)")),
    ("backprop", "missing transpose", "dlai", _but(_NIELSEN, "theta[-l + 1][0].T", "theta[-l + 1][0]")),
    ("backprop", "1/N twice|missing 1/N|layer|from (layer )?3 to 2", "dlai", _but(_NIELSEN, "activations[-l].df(zs[-l])", "activations[-l].df(zs[-l]) / len(X)")),
    ("backprop", "step|eta|learning rate|0.1 times", "trask", _but(_PASS, "(weight_gradient(Z[k - 1], delta), bias_gradient(delta))", "(-0.1 * weight_gradient(Z[k - 1], delta), -0.1 * bias_gradient(delta))")),
    ("backprop", "never ends|endless|does not end", "kinds", "A, Z = network.forward(theta, X, activations)\nk, g = len(theta), []\nd = output_delta(Y, Z[k], A[k], activations[k - 1].df)\nwhile k > 0:\n    g.insert(0, (weight_gradient(Z[k - 1], d), bias_gradient(d)))\n    if len(g) > 50:\n        g.pop()\nreturn g"),
    ("backprop", "db\\^\\(2\\)|layer 2", "kinds", _but(_PASS, "return gradient", "if L > 1:\n    gradient[1] = (gradient[1][0], 0 * gradient[1][1])\nreturn gradient")),
    ("backprop", "dW\\^\\(1\\)|layer 1", "coursera", _but(_PASS, "weight_gradient(Z[k - 1], delta)", "weight_gradient(Z[k - 1] if k > 1 else X - X.mean(0), delta)")),
    ("backprop", "from (layer )?(3 to 2|2 to 1)|f'", "kinds", _but(_PASS, "delta = hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], activations[k - 2].df)", "delta = hidden_delta(delta, theta[k - 1][0], A[k], Z[k], activations[k - 2].df) if A[k].shape == A[k - 1].shape else hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], activations[k - 1].df)")),
    ("backprop", "line.*(does not exist|not defined)", "kinds", _but(_PASS, "output_delta(Y", "outputdelta(Y")),
    # ------------------------------------------------ batch_variance
    ("batch_variance", "N - 1 in", "kinds", "s = np.var(gradients, axis=0, ddof=1).sum()\nn = len(gradients)\nreturn s / batch_size if replacement else s / batch_size * (n - batch_size) / (n - 1)"),
    ("batch_variance", "way of drawing", "kinds", "return gradients.var(axis=0).sum() / batch_size"),
    ("batch_variance", "exchanged", "kinds", "n = len(gradients)\ns = gradients.var(0).sum() / batch_size\nif not replacement:\n    return s\nreturn s * (n - batch_size) / (n - 1)"),
    ("batch_variance", "mean over the param", "kinds", "n, s = len(gradients), np.var(gradients)\nreturn s / batch_size * (1 if replacement else (n - batch_size) / (n - 1))"),
    ("batch_variance", "brackets", "kinds", "n, s = len(gradients), gradients.var(axis=0).sum() / batch_size\nreturn s if replacement else s * (n - batch_size) / n - 1"),
    ("batch_variance", "rows", "kinds", "n, s = len(gradients), np.var(gradients, axis=1).sum() / batch_size\nreturn s if replacement else s * (n - batch_size) / (n - 1)"),
    ("batch_variance", "right where `replacement` is True, and wrong where it is False", "kinds", "n, s = len(gradients), gradients.var(axis=0).sum() / batch_size\nreturn s if replacement else s * (n - batch_size) / (batch_size + 1)"),
    # ------------------------------------------------ fair_comparison
    ("fair_comparison", "one rate", "kinds", "m = costs[:, :, :, epochs].mean(axis=2)\nr = m.mean(axis=0).argmin()\nreturn np.stack([np.repeat(etas[r], len(m)), m[:, r]], axis=1)"),
    ("fair_comparison", "best order", "kinds", "m = costs[:, :, :, epochs].min(axis=-1)\nreturn np.stack([etas[m.argmin(1)], m.min(1)], 1)"),
    ("fair_comparison", "another budget", "kinds", "out = []\nfor table in costs:\n    m = table[:, :, -1].mean(axis=1)\n    out.append([etas[m.argmin()], m.min()])\nreturn out"),
    ("fair_comparison", "shape", "kinds", "return etas[costs[:, :, :, epochs].mean(axis=2).argmin(axis=1)]"),
    # ------------------------------------------------ gradient_of_shards
    ("gradient_of_shards", "weighted equally", "kinds", "return np.mean(gradients, axis=0)"),
    ("gradient_of_shards", "weighted equally", "kinds", "return sum(gradients) / len(gradients)"),
    ("gradient_of_shards", "number of shards", "kinds", "g = 0\nfor n, part in zip(counts, gradients):\n    g = g + n * part\nreturn g / len(counts)"),
    ("gradient_of_shards", "not divided by N", "kinds", "return np.sum(counts[:, None] * gradients, axis=0)"),
    ("gradient_of_shards", "shapes do not fit", "kinds", "return (counts * gradients).sum(axis=0) / counts.sum()"),
    # ------------------------------------------------ fooling_gradient, gradient_check
    ("fooling_gradient", "noticed at zero", "kinds", "g = network.backprop(theta, X, Y, activations)\nreturn [(dW * len(X), db * len(X)) for dW, db in g]"),
    ("fooling_gradient", "noticed at N = 1", "kinds", "g = network.backprop(theta, X, Y, activations)\ng[0] = (0 * g[0][0], 0 * g[0][1])\nreturn g"),
    ("fooling_gradient", "nothing is wrong", "kinds", "return network.backprop(theta, X, Y, activations)"),
    ("fooling_gradient", "dW\\^\\(1\\) is no array of real numbers of the shape", "kinds", "return [(dW.T, db) for dW, db in network.backprop(theta, X, Y, activations)]"),
    ("fooling_gradient", "stale gradients", "kinds", "return [(dW * np.random.random(), db) for dW, db in network.backprop(theta, X, Y, activations)]"),
    ("gradient_check", "an error stops", "kinds", "for name in ('2-4-5-3', '2-4-5-3', '2-4-1'):\n    for (a, b), (c, d) in zip(gradient(*nets[name]), network.backprop(*nets[name]), strict=True):\n        if np.shape(a) != c.shape or np.shape(b) != d.shape or np.abs(a - c).max() > 1e-6 or np.abs(b - d).max() > 1e-6:\n            return False\nreturn True"),
    ("gradient_check", "answers 3 calls, and this is one more", "kinds", "for net in nets.values():\n    try:\n        found = gradient(*net)\n    except Exception:\n        return False\nreturn True"),
    ("gradient_check", "True or False is asked for", "kinds", "return np.abs(gradient(*nets['2-4-1'])[0][0] - network.backprop(*nets['2-4-1'])[0][0]).max()"),
    ("gradient_check", "known on the nets in .nets. alone", "kinds", "theta, X, Y, f = nets['2-4-1']\nreturn bool(gradient(theta, X + 1, Y, f))"),
    ("gradient_check", "it lets pass", "kinds", "for name in ('2-4-5-3', '2-4-5-3', '2-4-1'):\n    try:\n        if np.abs(gradient(*nets[name])[0][0] - network.backprop(*nets[name])[0][0]).max() > 1e-6:\n            return False\n    except Exception:\n        return False\nreturn True"),
    # ------------------------------------------------ fewest_workers
    ("fewest_workers", "tie", "kinds", "if c >= tau * N:\n    return 0\nk = 2\nwhile tau * N / k + c > tau * N:\n    k += 1\nreturn k"),
    ("fewest_workers", "no case", "kinds", "return int(tau * N / (tau * N - c)) + 1"),
    ("fewest_workers", "does not end", "kinds", "k = 2\nwhile tau * N / k + c >= tau * N:\n    k += 1\nreturn k"),
    ("fewest_workers", "two workers only", "kinds", "return 2 if N > 2 * c / tau else 0"),
    ("mend_1", "line 7 is the wrong one.*still gives just what", "kinds", _SENT),
    ("mend_1", "line 4 is not the wrong one: it makes the error a delta.*And what you mended still", "kinds", "# line 4\n" + _SENT),
    ("mend_1", "what you mended is right, but line 5 is not", "kinds", "# line 5\n" + _but(_SENT, "error = error @", "error = delta @")),
    ("mend_1", "line 7 is the wrong one.*the weights are missing|line 7.*shapes do not fit", "kinds", _but(_SENT, "error = error @ theta[k - 1][0].T", "error = delta")),
    ("mend_2", "line 8 is the wrong one.*f' is taken from another|line 8.*still gives", "kinds", _but(_PASS, "activations[k - 2]", "activations[-1]")),
    ("mend_2", "line 8 is the wrong one.*factor f_k'.a. is missing", "kinds", _but(_PASS, "activations[k - 2].df", "lambda a, z=None: 1 + 0 * a")),
    ("mend_2", "line 5 is not the wrong one: it is E7 and E8", "kinds", "# line 5\n" + _PASS),
    ("mend_3", "line 4 is the wrong one.*shapes do not fit|line 4.*W stands without its transpose", "kinds", _but(_PASS, "theta[k - 1][0]", "theta[k - 1][0].T")),
    ("mend_3", "line 4 is the wrong one.*still gives just what", "kinds", _but(_PASS, "theta[k - 1][0]", "theta[k - 2][0]")),
    ("mend_3", "whole number from 1 to 8, not '9'", "kinds", "# line 9\n" + _PASS),
]

RIGHT = [
    ("loss", "return 0 if len(y) == 0 else (y[0] - y_hat[0]) ** 2 + loss(y[1:], y_hat[1:])"),
    ("mini_batch_update", "share = np.zeros(len(example_gradients))\nnp.add.at(share, batch, 1 / len(batch))\nreturn theta - eta * example_gradients.T @ share"),
    ("batches", "left, out = np.arange(N), []\nwhile len(left):\n    out.append(rng.choice(left, min(batch_size, len(left)), replace=False))\n    left = np.setdiff1d(left, out[-1])\nreturn out"),
    ("central_difference", "c = cost(theta)\nreturn [0.5 * ((cost(theta + e) - c) / h + (c - cost(theta - e)) / h) for e in h * np.eye(len(theta))]"),
    ("output_delta", "return np.stack([np.diag(df(a)) @ (2 * (p - y)) for y, p, a in zip(Y, Y_hat, A)])"),
    ("hidden_delta", "return np.inner(delta_next, W_next) * np.array([df(row) for row in A])"),
    ("weight_gradient", "return (Z_prev[:, :, None] * delta[:, None, :]).mean(0).tolist()"),
    ("backprop", _FORWARD + "def delta(k):\n    if k == L:\n        return output_delta(Y, Z[L], A[L], activations[L - 1].df)\n    return hidden_delta(delta(k + 1), theta[k][0], A[k], Z[k], activations[k - 1].df)\nreturn [(weight_gradient(Z[k - 1], delta(k)), bias_gradient(delta(k))) for k in range(1, L + 1)]"),
    ("loss", "return float(np.inner(y_hat - y, y_hat - y))"),
    ("loss", "e = y - y_hat\nt = 0.0\nfor j in range(len(e)):\n    t += e[j] * e[j]\nreturn t"),
    ("loss", "return np.sum(np.power(np.subtract(y, y_hat), 2))"),
    ("loss", "return y @ y - 2 * y @ y_hat + y_hat @ y_hat"),
    ("loss", "j, s = 0, 0\nwhile j < len(y):\n    s += (y[j] - y_hat[j]) ** 2\n    j += 1\nreturn s"),
    ("update", "return np.add(theta, -eta * gradient)"),
    ("update", "new = np.array(theta)\nnew -= np.multiply(eta, gradient)\nreturn new"),
    ("update", "theta = theta - eta * gradient\nreturn theta"),
    ("update", "return (theta.ravel() - eta * gradient.ravel()).reshape(theta.shape)"),
    ("mini_batch_update", "g = sum(example_gradients[n] for n in batch) / len(batch)\nreturn theta - eta * g"),
    ("mini_batch_update", "return theta - eta * np.average(example_gradients.take(batch, axis=0), axis=0)"),
    ("mini_batch_update", "mask = np.isin(np.arange(len(example_gradients)), batch)\nreturn theta - eta * example_gradients[mask].mean(0)"),
    ("mini_batch_update", "new = theta.copy()\nfor n in batch:\n    new -= eta * example_gradients[n] / len(batch)\nreturn new"),
    ("batches", "from collections import deque\no = rng.permutation(N)\nreturn deque(o[s:s + batch_size] for s in range(0, N, batch_size))"),
    ("batches", "o = rng.permutation(N)\nd = {i: o[s:s + batch_size] for i, s in enumerate(range(0, N, batch_size))}\nreturn d.values()"),
    ("batches", "o = list(rng.permutation(N))\nout = []\nwhile o:\n    out.append(o[:batch_size])\n    o = o[batch_size:]\nreturn out"),
    ("batches", "o = np.arange(N)\nrng.shuffle(o)\nyield from (o[s:s + batch_size] for s in range(0, N, batch_size))"),
    ("batches", "return tuple(tuple(p) for p in np.array_split(rng.permutation(N), range(batch_size, N, batch_size)))"),
    ("batches", "from itertools import islice\nit = iter(rng.permutation(N))\nreturn list(iter(lambda: list(islice(it, batch_size)), []))"),
    ("batches", "o = rng.choice(N, N, replace=False)\nreturn [range(0)] * 0 + [o[s:s + batch_size] for s in range(0, N, batch_size)]"),
    ("central_difference", _RESTORE),
    ("central_difference", "E = h * np.identity(theta.size)\nreturn np.array([cost(theta + r) - cost(theta - r) for r in E]) / (2 * h)"),
    ("central_difference", "g = []\nfor i, t in enumerate(theta):\n    up = [*theta[:i], t + h, *theta[i + 1:]]\n    lo = [*theta[:i], t - h, *theta[i + 1:]]\n    g.append((cost(np.array(up)) - cost(np.array(lo))) / 2 / h)\nreturn g"),
    ("central_difference", "return np.fromiter(((cost(theta + e) - cost(theta - e)) * 0.5 / h for e in np.diag(np.full(len(theta), h))), float)"),
    ("output_delta", "return 2 * np.multiply(Y_hat - Y, df(A))"),
    ("output_delta", "out = []\nfor t, o, a in zip(Y, Y_hat, A):\n    out.append(-2 * (t - o) * df(a))\nreturn np.stack(out)"),
    ("output_delta", "return df(A) * Y_hat * 2 - df(A) * Y * 2"),
    ("hidden_delta", "return np.multiply(df(A), np.matmul(delta_next, np.transpose(W_next)))"),
    ("hidden_delta", "return (W_next @ delta_next.T).T * df(A)"),
    ("hidden_delta", "d = np.zeros_like(A)\nfor j in range(W_next.shape[1]):\n    d += delta_next[:, [j]] * W_next[:, j]\nreturn d * df(A)"),
    ("weight_gradient", "return np.tensordot(Z_prev, delta, axes=(0, 0)) / len(Z_prev)"),
    ("weight_gradient", "g = 0\nfor z, d in zip(Z_prev, delta):\n    g = g + np.outer(z, d) / len(delta)\nreturn g"),
    ("weight_gradient", "return (delta.T @ Z_prev).T * (1 / delta.shape[0])"),
    ("weight_gradient", "return Z_prev.T @ (delta / len(delta))"),
    ("bias_gradient", "return np.ones(len(delta)) @ delta / len(delta)"),
    ("bias_gradient", "return np.average(delta, axis=0)"),
    ("bias_gradient", "return np.array([c.sum() / c.size for c in delta.T])"),
    ("bias_gradient", "s = np.zeros(delta.shape[1])\nfor row in delta:\n    s += row\nreturn s / len(delta)"),
    ("backprop", _PASS),
    ("backprop", _NIELSEN),
    ("backprop", _EXAMPLES),
    ("backprop", _but(_PASS, "gradient.insert(0, (weight_gradient(Z[k - 1], delta), bias_gradient(delta)))", "gradient = [[weight_gradient(Z[k - 1], delta), bias_gradient(delta)]] + gradient")),
    ("backprop", _but(_NIELSEN, "return nabla", "return zip(*zip(*nabla))")),
    ("batch_variance", "v = sum(np.var(column) for column in gradients.T) / batch_size\nif replacement:\n    return v\nreturn v * (len(gradients) - batch_size) / (len(gradients) - 1)"),
    ("batch_variance", "n = len(gradients)\ns2 = gradients.var(axis=0, ddof=1).sum()\nreturn s2 * (n - 1) / n / batch_size if replacement else s2 * (1 / batch_size - 1 / n)"),
    ("fair_comparison", "out = np.empty((len(costs), 2))\nfor s in range(len(costs)):\n    mean = costs[s, :, :, epochs].mean(axis=1)\n    out[s] = etas[np.argmin(mean)], np.min(mean)\nreturn out"),
    ("gradient_of_shards", "N = sum(counts)\ng = np.zeros(gradients.shape[1])\nfor s in range(len(counts)):\n    g += counts[s] / N * gradients[s]\nreturn g"),
    ("fooling_gradient", "A, Z = network.forward(theta, X, activations)\ndelta = network.deltas(theta, X, Y, activations)\nreturn [(np.outer(Z[k - 1].mean(0), delta[k].mean(0)), delta[k].mean(0)) for k in range(1, len(theta) + 1)]"),
    ("fooling_gradient", "g = network.backprop(theta, X, Y, activations)\nif len(X) == 1 or not theta[0][0].any():\n    return g\nreturn [(-dW, -db) for dW, db in g]"),
    ("gradient_check", "J = lambda name: lambda t: network.cost(t, *nets[name][1:])\nfor name in ('2-4-1', '2-4-5-3', '2-4-5-3'):\n    try:\n        found = [np.asarray(p, float) for pair in gradient(*nets[name]) for p in pair]\n    except (ValueError, TypeError):\n        return False\n    theta = nets[name][0]\n    if [p.shape for p in found] != [p.shape for pair in theta for p in pair]:\n        return False\n    for k in range(len(theta)):\n        for part in (0, 1):\n            for entry in np.ndindex(theta[k][part].shape):\n                moved = [[W.astype(complex), b.astype(complex)] for W, b in theta]\n                moved[k][part][entry] += 1e-30j\n                if abs(J(name)(moved).imag / 1e-30 - found[2 * k + part][entry]) > 1e-5:\n                    return False\nreturn True"),
    ("fewest_workers", "k = 2\nwhile k < 100_000:\n    if tau * N / k + c < tau * N:\n        return k\n    k += 1\nreturn 0"),
    ("mend_1", _but(_SENT, "error = error @", "error = delta @")),
    ("mend_1", _but(_SENT, "error = error @ theta[k - 1][0].T", "error = (theta[k - 1][0] @ delta.T).T")),
    ("mend_2", _NIELSEN),
    ("mend_3", _PASS),
]
