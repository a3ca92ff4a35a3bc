"""More answers of learners, odder ones, as rows of tests/learners_answers.py: written before the catalogue was opened,
half of them after public threads (ODD_SOURCES); the code is ours.
"""

from learners_answers import _PASS

ODD_SOURCES = {
    "trajectory": "github.com/olly-styles/Dynamic-Trajectory-Predictor issue 11: a mean of squares, doubled",
    "bootcamp": "github.com/42-AI/bootcamp_machine-learning pull 79; github.com/BVLC/caffe issue 2176: half of it",
    "oreilly": "github.com/oreilly-japan/deep-learning-from-scratch pull 44: a sum called a mean",
    "logloss": "github.com/bpjsincl/coursera-neural-net issue 14: the error of one loss, the slope of another",
    "nmo": "github.com/louisjc/mnist-neural-network issue 1: outputs (1 - outputs), hidden deltas",
    "jiexun": "github.com/jiexunsee/Neural-Network-with-Python issue 1: the error taken for the delta",
    "ykm": "github.com/jorgenkg/python-neural-network issue 2: outputs taken for inputs of the slope",
    "libbrain": "github.com/benoitfragit/libBrain issue 78: the slope at the activation",
    "agh": "github.com/ujjwalkarn/Machine-Learning-Tutorials pull 16: deltas without the slope",
    "hunkim": "github.com/hunkim/DeepLearningZeroToAll issue 173: no mean over the examples",
    "kvfrans": "github.com/kvfrans/notes issue 5: mean or sum of the bias",
    "stat453": "github.com/rasbt/stat453-deep-learning-ss21 issue 5: one sum for all biases",
    "mlxtend": "github.com/rasbt/mlxtend pull 58: the bias of one example",
    "dl4j": "github.com/deeplearning4j/deeplearning4j pull 364: the bias averaged over the wrong axis",
    "mattm": "github.com/mattm/simple-neural-network issue 5, pull 10: biases that never learn",
    "neon": "github.com/NervanaSystems/neon issue 111: an index of another loop",
    "keras20241": "github.com/keras-team/keras issue 20241: all batches weighted alike",
    "torchtune": "github.com/meta-pytorch/torchtune issue 1878: divided by the number of steps",
    "torchseq": "github.com/tomhosking/torchseq issue 8: the last batches ignored",
    "mxnet": "github.com/apache/mxnet issue 3693: forward for central",
    "phiflow": "github.com/tum-pbs/PhiFlow pull 48: divided by dx in another power",
    "catalogue-cd": "github.com/kynema/kynema-sgf pull 725; MATH50003 pull 9: typing slips in central differences",
    "fpc": "hippocampus-garden.com, finite population correction forgotten",
    "njit": "web.njit.edu/~usman cs677: range(0, rows/batch_size)",
    "isxun": "github.com/sxsun1684/info7375-hw: 1 / batch_size for the short batch, too",
    "choice": "datascience Q&A: is SGD pseudo-stochastic? random.choice for a shuffle",
    "so-20139": "datascience.stackexchange.com 20139: the bias's gradient as a matrix; dh2 (1 - dh2)",
    "so-403921": "stats.stackexchange.com 403921: shapes of delta, a (1 - a)",
    "so-13115198": "stackoverflow.com 13115198: entrywise for matrix product",
    "so-iris": "howtodevelop.eu 251411: the derivative in the forward pass",
    "fastai": "forums.fast.ai 7398: inputs without a column",
    "dlai-63071": "community.deeplearning.ai 63071: 1/m in dZ1 and again in dW1",
    "pytopt": "github.com/jettify/pytorch-optimizer issue 219: which point of a run is compared",
    "seeds": "public pull requests that pick the best of five seeds",
    "own": "our own",
}

_FORWARD_PASS = "A, Z = network.forward(theta, X, activations)\nL, N = len(theta), len(X)\n"
THIRD = [
    ("loss", "largest|maximum|biggest", "own", "return np.max((y - y_hat) ** 2)"),
    (
        "loss",
        "[Hh]uber|linear|absolute|small|large",
        "own",
        "d = np.abs(y_hat - y)\nreturn np.where(d <= 1, d ** 2, 2 * d - 1).sum()",
    ),
    ("loss", "mean|average", "trajectory", "return 2 * np.mean((y_hat - y) ** 2)"),
    ("loss", "half|1/2|½|0\\.5", "bootcamp", "e = y_hat - y\nreturn e.dot(e) / 2"),
    ("loss", "mean|average", "oreilly", "return np.sum((y - y_hat) ** 2) / len(y)"),
    ("loss", "logarithm|cross-entropy", "logloss", "return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))"),
    (
        "loss",
        "first|one output|return",
        "own",
        "s = 0\nfor a, b in zip(y, y_hat):\n    s += (a - b) ** 2\n    return s",
    ),
    ("update", "norm|length|unit", "own", "return theta - eta * gradient / np.sqrt(np.sum(gradient ** 2))"),
    (
        "update",
        "Adagrad|sign|size",
        "own",
        "cache = np.zeros_like(theta)\ncache += gradient ** 2\nreturn theta - eta * gradient / (np.sqrt(cache) + 1e-8)",
    ),
    ("update", "0\\.1 times", "own", "v = 0.9 * np.zeros_like(theta) + 0.1 * gradient\nreturn theta - eta * v"),
    ("update", "theta", "own", "return theta * (1 - eta * gradient)"),
    ("update", "same number|mean|constant", "own", "return theta - eta * gradient.mean()"),
    ("update", "swapped|exchanged|takes? .*gradient|theta", "own", "return gradient - eta * theta"),
    ("update", "sign|uphill|up ", "own", "return theta - (-eta) * gradient"),
    ("update", "decay|theta", "own", "return (1 - 0.01) * theta - eta * gradient"),
    (
        "mini_batch_update",
        "4|short|own size|its own|full",
        "isxun",
        "return theta - eta * (1 / 4) * example_gradients[batch].sum(axis=0)",
    ),
    (
        "mini_batch_update",
        "not in the batch|outside|other rows|rest",
        "own",
        "rest = np.delete(example_gradients, batch, axis=0)\nreturn theta - eta * rest.mean(axis=0)",
    ),
    (
        "mini_batch_update",
        "first|rows|batch",
        "own",
        "return theta - eta * example_gradients[:len(batch)].mean(axis=0)",
    ),
    ("mini_batch_update", "median", "own", "return theta - eta * np.median(example_gradients[batch], axis=0)"),
    (
        "mini_batch_update",
        "sum|mean|divide|times",
        "hunkim",
        "for n in batch:\n    theta = theta - eta * example_gradients[n]\nreturn theta",
    ),
    (
        "mini_batch_update",
        "one example|single|first|last",
        "choice",
        "n = batch[len(batch) - 1]\nreturn theta - eta * example_gradients[n]",
    ),
    (
        "mini_batch_update",
        "all examples|N |number of",
        "keras20241",
        "N, P = example_gradients.shape\nreturn theta - eta / N * example_gradients[batch].sum(0)",
    ),
    (
        "mini_batch_update",
        "rows|neighbour|between|slice|batch",
        "own",
        "return theta - eta * example_gradients[batch.min():batch.max() + 1].mean(axis=0)",
    ),
    (
        "batches",
        "replace|again|twice|left out",
        "choice",
        "return [rng.choice(N, batch_size) for _ in range(N // batch_size)]",
    ),
    (
        "batches",
        "drop|last|short",
        "njit",
        "rows = rng.permutation(N)\nreturn [rows[j * batch_size:(j + 1) * batch_size] for j in range(int(N / batch_size))]",
    ),
    (
        "batches",
        "last|short|drop",
        "torchseq",
        "out, held = [], []\nfor n in rng.permutation(N):\n    held.append(n)\n    if len(held) == batch_size:\n        out.append(np.array(held))\n        held = []\nreturn out",
    ),
    (
        "batches",
        "twice|again|once|sizes|short",
        "own",
        "rows = np.resize(rng.permutation(N), -(-N // batch_size) * batch_size)\nreturn list(rows.reshape(-1, batch_size))",
    ),
    (
        "batches",
        "rng",
        "own",
        "import random\nrows = list(range(N))\nrandom.shuffle(rows)\nreturn [np.array(rows[s:s + batch_size]) for s in range(0, N, batch_size)]",
    ),
    (
        "batches",
        "order|shuffl",
        "own",
        "rows = np.sort(rng.permutation(N))\nreturn [rows[s:s + batch_size] for s in range(0, N, batch_size)]",
    ),
    (
        "batches",
        "counted|0",
        "own",
        "rows = 1 + rng.permutation(N)\nreturn [rows[s:s + batch_size] for s in range(0, N, batch_size)]",
    ),
    (
        "batches",
        "order|rng|same",
        "own",
        "rows = np.random.default_rng(42).permutation(N)\nreturn [rows[s:s + batch_size] for s in range(0, N, batch_size)]",
    ),
    (
        "central_difference",
        "one side|one-sided|forward",
        "mxnet",
        "return np.array([(cost(theta + h * e) - cost(theta)) / h for e in np.eye(theta.size)])",
    ),
    (
        "central_difference",
        "h",
        "phiflow",
        "return np.array([(cost(theta + h * e) - cost(theta - h * e)) / (2 * h ** 2) for e in np.eye(theta.size)])",
    ),
    (
        "central_difference",
        "one side|one-sided|half|back",
        "catalogue-cd",
        "g = np.zeros(theta.size)\nx = theta.copy()\nfor i in range(theta.size):\n    x[i] += h\n    up = cost(x)\n    x[i] -= h\n    down = cost(x)\n    g[i] = (up - down) / (2 * h)\nreturn g",
    ),
    (
        "central_difference",
        "before|zero|back|entry 0|accum|moved",
        "own",
        "e, g = np.zeros(theta.size), np.zeros(theta.size)\nfor i in range(theta.size):\n    e[i] = h\n    g[i] = (cost(theta + e) - cost(theta - e)) / (2 * h)\nreturn g",
    ),
    (
        "central_difference",
        "one number|every entry|all entries|at once|shape|axes",
        "own",
        "return (cost(theta + h) - cost(theta - h)) / (2 * h)",
    ),
    ("output_delta", "half|2", "logloss", "return np.multiply(Y_hat - Y, df(A))"),
    ("output_delta", "f'|slope", "jiexun", "return 2 * (Y_hat - Y)"),
    ("output_delta", "Y_hat|f'\\(z\\)|pre-activation", "ykm", "return -2 * (Y - Y_hat) * df(Y_hat)"),
    ("output_delta", "sigmoid", "nmo", "return 2 * Y_hat * (1 - Y_hat) * (Y_hat - Y)"),
    (
        "output_delta",
        "softmax|slope|f'",
        "own",
        "p = np.exp(A)\np = p / p.sum(axis=1, keepdims=True)\nreturn 2 * (Y_hat - Y) * p * (1 - p)",
    ),
    ("output_delta", "outputs|d_L|times", "own", "return 2 / Y.shape[1] * (Y_hat - Y) * df(A)"),
    ("output_delta", "function|call", "own", "return 2 * (Y_hat - Y) * df"),
    ("hidden_delta", "f'|slope", "agh", "return np.dot(delta_next, np.transpose(W_next))"),
    ("hidden_delta", "f'\\(z\\)|df\\(Z\\)|Z", "libbrain", "return (delta_next @ W_next.T) * df(Z)"),
    ("hidden_delta", "sigmoid", "so-403921", "return np.dot(W_next, delta_next.T).T * Z * (1 - Z)"),
    ("hidden_delta", "shapes|fit|@", "so-13115198", "return delta_next * W_next.T * df(A)"),
    (
        "hidden_delta",
        "weight|W|share",
        "own",
        "share = W_next / W_next.sum(axis=0)\nreturn (delta_next @ share.T) * df(A)",
    ),
    ("hidden_delta", "f'|df|slope", "own", "return df(delta_next @ W_next.T)"),
    ("hidden_delta", "weight|W|delta", "own", "return delta_next.sum(axis=1, keepdims=True) * df(A)"),
    ("weight_gradient", "N|mean|sum|times", "hunkim", "return np.matmul(np.transpose(Z_prev), delta)"),
    ("weight_gradient", "square", "own", "return (Z_prev ** 2).T @ delta / len(delta)"),
    ("weight_gradient", "mean|outer", "own", "return np.outer(Z_prev.mean(axis=0), delta.mean(axis=0))"),
    ("weight_gradient", "times|N|d_", "own", "return Z_prev.T @ delta / Z_prev.shape[1]"),
    (
        "weight_gradient",
        "last",
        "own",
        "for n in range(len(delta)):\n    dW = np.outer(Z_prev[n], delta[n]) / len(delta)\nreturn dW",
    ),
    ("bias_gradient", "same number|all|axis", "stat453", "return np.ones(delta.shape[1]) * delta.sum() / len(delta)"),
    ("bias_gradient", "axis|outputs|units|shape", "dl4j", "return delta.mean(axis=1)"),
    ("bias_gradient", "one example|first|last", "mlxtend", "return delta[-1]"),
    ("bias_gradient", "shape|sum|axis|matrix", "so-20139", "return delta / len(delta)"),
    (
        "backprop",
        "db",
        "mattm",
        _PASS.replace("bias_gradient(delta)", "np.zeros_like(theta[k - 1][1])"),
    ),
    (
        "backprop",
        "N|times|1/N",
        "dlai-63071",
        _PASS.replace("        delta = hidden", "        delta = 1 / len(X) * hidden"),
    ),
    (
        "backprop",
        "same activation|layer",
        "neon",
        _PASS.replace("activations[k - 2].df", "activations[-1].df"),
    ),
    (
        "backprop",
        "slope|f'|step from|layer|error signal",
        "so-iris",
        _FORWARD_PASS
        + """delta = 2 * (Z[L] - Y) * activations[-1].df(A[L])
grads = [None] * L
for k in reversed(range(L)):
    grads[k] = Z[k].T @ delta / N, delta.mean(axis=0)
    delta = (delta @ theta[k][0].T) * (Z[k] > 0)
return grads""",
    ),
    (
        "backprop",
        "updated|weights",
        "own",
        _FORWARD_PASS
        + """delta = 2 * (Z[L] - Y) * activations[-1].df(A[L])
params, grads = [(W.copy(), b.copy()) for W, b in theta], []
for k in range(L, 0, -1):
    dW, db = Z[k - 1].T @ delta / N, delta.mean(axis=0)
    params[k - 1] = params[k - 1][0] - 0.5 * dW, params[k - 1][1] - 0.5 * db
    grads.insert(0, (dW, db))
    if k > 1:
        delta = (delta @ params[k - 1][0].T) * activations[k - 2].df(A[k - 1])
return grads""",
    ),
    (
        "backprop",
        "db|pair|first|swapped|shape",
        "own",
        _PASS.replace(
            "(weight_gradient(Z[k - 1], delta), bias_gradient(delta))",
            "(bias_gradient(delta), weight_gradient(Z[k - 1], delta))",
        ),
    ),
    (
        "batch_variance",
        "replacement.* False|without replacement|correction|N - 1",
        "fpc",
        "return gradients.var(axis=0).sum() / batch_size",
    ),
    (
        "batch_variance",
        "N - 1|ddof|N/\\(N",
        "own",
        "N = len(gradients)\ns = gradients.var(axis=0, ddof=1).sum() / batch_size\nreturn s if replacement else s * (N - batch_size) / N * N / (N - 1)",
    ),
    (
        "batch_variance",
        "root|standard deviation",
        "own",
        "N = len(gradients)\ns = gradients.std(axis=0).sum() / batch_size\nreturn s if replacement else s * (N - batch_size) / (N - 1)",
    ),
    (
        "fair_comparison",
        "luck|order|seed|smallest",
        "seeds",
        "at = costs[:, :, :, epochs].min(axis=2)\nbest = at.argmin(axis=1)\nreturn np.stack([etas[best], at[np.arange(len(at)), best]], axis=1)",
    ),
    (
        "fair_comparison",
        "budget|end|way|epoch",
        "pytopt",
        "at = costs.mean(axis=2)[:, :, :epochs + 1].min(axis=2)\nreturn np.array([[etas[row.argmin()], row.min()] for row in at])",
    ),
    (
        "fair_comparison",
        "index|number|position|learning rate",
        "own",
        "at = costs[..., epochs].mean(axis=-1)\nreturn np.stack([at.argmin(1), at.min(1)], 1)",
    ),
    ("gradient_of_shards", "equal|alike|weight|counts", "keras20241", "return sum(gradients) / len(gradients)"),
    (
        "gradient_of_shards",
        "N|counts|divide|times",
        "torchtune",
        "total = np.zeros(gradients.shape[1])\nfor g, n in zip(gradients, counts):\n    total += n * g / len(counts)\nreturn total",
    ),
    (
        "fewest_workers",
        "does not end|for ever",
        "own",
        "K = 2\nwhile tau * N / K + c >= tau * N:\n    K += 1\nreturn K",
    ),
    (
        "fewest_workers",
        "level|tie|equal|faster|exact",
        "own",
        "if c >= tau * N:\n    return 0\nreturn int(np.ceil(tau * N / (tau * N - c)))",
    ),
]

ODD_RIGHT = [
    ("loss", "return float(np.einsum('j,j->', y - y_hat, y - y_hat))"),
    ("loss", "return np.linalg.norm(np.subtract(y_hat, y), 2) ** 2"),
    ("update", "return np.array([t - eta * g for t, g in zip(theta.ravel(), gradient.ravel())]).reshape(theta.shape)"),
    ("update", "return np.add(theta, np.negative(np.multiply(eta, gradient)))"),
    ("mini_batch_update", "return np.average([theta - eta * example_gradients[n] for n in batch], axis=0)"),
    (
        "mini_batch_update",
        "mask = np.isin(np.arange(len(example_gradients)), batch)\nreturn theta - eta * example_gradients[mask].sum(0) / mask.sum()",
    ),
    (
        "batches",
        "rows = list(rng.permutation(N))\nout = []\nwhile rows:\n    out.append(np.array(rows[:batch_size]))\n    rows = rows[batch_size:]\nreturn out",
    ),
    (
        "batches",
        "keys = rng.random(N).argsort()\nreturn [keys[np.arange(N) // batch_size == b] for b in range(-(-N // batch_size))]",
    ),
    (
        "batches",
        "import itertools\nit = iter(rng.permutation(N).tolist())\nreturn iter(lambda: list(itertools.islice(it, batch_size)), [])",
    ),
    (
        "central_difference",
        "g = []\nfor i in range(len(theta)):\n    a, b = theta.astype(float), theta.astype(float)\n    a[i], b[i] = a[i] + h, b[i] - h\n    g.append((cost(a) - cost(b)) / 2 / h)\nreturn np.asarray(g)",
    ),
    ("output_delta", "return np.where(True, 2 * Y_hat - 2 * Y, 0) * df(A)"),
    ("output_delta", "return np.array([[2 * (z - y) for y, z in zip(*rows)] for rows in zip(Y, Y_hat)]) * df(A)"),
    ("hidden_delta", "return np.einsum('nj,ij,ni->ni', delta_next, W_next, df(A))"),
    ("hidden_delta", "return np.array([W_next.dot(d) * s for d, s in zip(delta_next, df(A))])"),
    ("weight_gradient", "return np.mean(Z_prev[:, :, None] * delta[:, None, :], axis=0)"),
    ("bias_gradient", "return np.full(len(delta), 1 / len(delta)) @ delta"),
    (
        "backprop",
        _FORWARD_PASS
        + "D = 2 * (Z[L] - Y) * activations[-1].df(A[L])\nout = ()\nfor k in range(L, 0, -1):\n    out = ((Z[k - 1].T @ D / N, D.sum(0) / N),) + out\n    D = (D @ theta[k - 1][0].T) * (activations[k - 2].df(A[k - 1]) if k > 1 else 1)\nreturn out",
    ),
    (
        "batch_variance",
        "N, centred = len(gradients), gradients - gradients.mean(axis=0)\ns = (centred ** 2).sum() / N / batch_size\nif not replacement:\n    s *= 1 - (batch_size - 1) / (N - 1)\nreturn s",
    ),
    (
        "fair_comparison",
        "rows = []\nfor table in costs:\n    means = [np.mean([run[epochs] for run in runs]) for runs in table]\n    r = int(np.argmin(means))\n    rows.append((etas[r], means[r]))\nreturn rows",
    ),
    ("gradient_of_shards", "return np.average(gradients, axis=0, weights=counts)"),
    (
        "fewest_workers",
        "if not c < tau * N:\n    return 0\nK = 2\nwhile not tau * N / K + c < tau * N:\n    K += 1\nreturn K",
    ),
]
