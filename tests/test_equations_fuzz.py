"""check_equation on spoilt input: seeded mutations of the course's equations, and inputs made to hurt.

Whatever comes in, a Result or an EquationError comes out: no other exception, no warning, no hang, and no repair
that does not hold itself.
"""

import random
import re
import subprocess
import sys
import warnings

import pytest

from bgd_helpers.equations import EquationError, Result, check_equation

EQUATIONS = (
    r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)} + b_j^{(k)}, z_{nj}^{(k)} = f_k\big(a_{nj}^{(k)}\big)",
    r"A^{(k)} = Z^{(k-1)} W^{(k)} + \mathbf 1 b^{(k)\top}",
    r"E_n = \sum_j (y_{nj} - \hat y_{nj})^2",
    r"J = \frac1N \lVert Y - \hat Y \rVert_F^2",
    r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
    r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top}) \odot f_k'(A^{(k)})",
    r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    r"\partial J / \partial w_{ij}^{(k)} = \frac1N \sum_{n=1}^{N} z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    r"\frac{\partial J}{\partial b^{(k)}} = \frac1N \Delta^{(k)\top} \mathbf 1",
    r"\theta_{t+1} = \theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{n \in \mathcal B_t} \nabla E_n(\theta_t)",
    r"w_{ij}^{(k)} \leftarrow w_{ij}^{(k)} - \eta \frac{\partial J}{\partial w_{ij}^{(k)}}",
    r"\nabla J = \sum_s \frac{N_s}{N} \nabla J_s",
    r"\nabla J = \frac2N X^\top (Xw - y)",
    r"w_t - w^* = (I - \eta H)^t (w_0 - w^*)",
    r"\eta^* = \frac{2}{\lambda_{\min} + \lambda_{\max}}, \text{rate} = \frac{\kappa - 1}{\kappa + 1}",
    r"w_t \to w^* \iff 0 < \eta < 2/\lambda_{\max}",
    r"\mathbb E[\nabla E_n(w)] = \sum_{n=1}^N \frac1N \nabla E_n(w) = \nabla J(w)",
    r"\frac{\partial J}{\partial \theta_p} \approx \frac{\operatorname{Im} J(\theta + \mathrm i h\, e_p)}{h}",
    r"\operatorname{Var}_{\text{without}} = \frac{\Sigma}{B} \cdot \frac{N - B}{N - 1}",
    r"v = \frac{\eta \Sigma}{B \lambda (2 - \eta \lambda)}",
    r"\frac{\partial a_{n1}^{(2)}}{\partial w_{12}^{(1)}} = w_{21}^{(2)} f_1'(a_{n2}^{(1)}) x_{n1}",
    r"\sum_j \delta_{nj}^{(k+1)} (W^{(k+1)\top})_{ji} = (\Delta^{(k+1)} W^{(k+1)\top})_{ni}",
    r"\begin{aligned} J &= \frac1N \sum_n E_n \\ &= \frac1N \sum_n \sum_j (y_{nj} - \hat y_{nj})^2 \end{aligned}",
)
TOKEN = re.compile(
    r"\\hat [yY]|\\math\w+ ?\w|\\(?:text|operatorname)\{\w+\}|\\[A-Za-z]+|\\.|\^\{\([^{}]*\}|_\{\w+\}|\S", re.DOTALL
)
POOL = sorted({token for equation in EQUATIONS for token in TOKEN.findall(equation)})
CHARACTERS = r"\{}()[]^_=<>+-*/&,;.|'~#$%@ 0123456789abehijknstvwxyzABEHIJLNTWXYZ" + "\n\t\0é∂"
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))]
INPUTS_PER_SEED = 52

HOSTILE = {
    "tower of powers": r"10^{10^{10}} = 10^{10^{10^{10}}}",
    "digits": "9" * 2900 + " = 1",
    "deep parentheses": "(" * 1400 + "1" + ")" * 1400 + " = 1",
    "deep braces": "{" * 29 + "J" + "}" * 29 + " = J",
    "many minus signs": "J = " + "-" * 2000 + "J",
    "many square norms": r"\lVert " * 300 + "J" + r" \rVert" * 300 + " = J",
    "sums in sums": r"\sum_i " * 200 + "w_{ij}^{(k)} = 1",
    "sums side by side": "+".join([r"\sum_n E_n"] * 200) + " = J",
    "gradients of gradients": r"\nabla " * 300 + "J = 1",
    "powers of powers": "E_n" + "^{2" * 28 + "}" * 28 + " = 1",
    "tall fractions": r"\frac{1}{" * 28 + "2" + "}" * 28 + " = 1",
    "power on power": "J = J" + "^2" * 500,
    "transposed often": "X = X" + r"^\top" * 500,
    "many indices": "w_{" + "ijmnpqrs" * 50 + "}^{(k)} = 1",
    "seven free indices": r"w_{ij}^{(k)} w_{mp}^{(k)} w_{qr}^{(k)} E_n = 1",
    "four layers": r"w_{ij}^{(k)} w_{mp}^{(l)} z_{nq}^{(r)} b_s^{(u)} = 0",
    "eight layers": " ".join(f"W^{{({letter})}}" for letter in "abcdefgh") + " = 1",
    "derivative with many axes": r"\frac{\partial a_{nj}^{(k)}}{\partial w_{im}^{(l)}} b_p^{(q)} = z_{ni}^{(k)}",
    "long chain": "J" + " = J" * 700,
    "many equations": ", ".join(["J = J"] * 400),
    "long product": "J = " + "J " * 1400,
    "long sum that fails": "J = " + " + ".join(["E_n"] * 400),
    "long wrong sum of sums": "J = " + " + ".join([r"\frac1N \sum_n E_n w_{11}^{(1)}"] * 30),
    "long wrong product": r"W^{(k)} = " + r" Z^{(k-1)\top} \Delta^{(k)}" * 20,
    "matrix to a large power": r"H = H^{10^{10}}",
    "large sum": r"\sum_{n=1}^{99999999999} E_n = 1",
    "large sums of single digits": r"\sum_{i=1}^9 \sum_{j=1}^9 \sum_{m=1}^9 \sum_{p=1}^9 \sum_{q=1}^9 \sum_{r=1}^9 1=1",
    "many layer letters": " ".join(f"d_{letter}" for letter in "abcdeghijklmnopqrstuvwxyz") + " = 1",
    "many parameters": r"\sum_p \sum_q \sum_r \nabla J(\theta + h e_p + h e_q + h e_r) = \nabla J",
    "no evaluation": "__import__('os').system('x') = 1",
    "only backslashes": "\\" * 2999,
    "only spaces": " " * 2999 + "=",
}
ODD = (
    r"\lambda = \lambda_{\max}",
    r"N_s H = H",
    r"\Sigma E_n = \Sigma E_n",
    r"\Sigma J = v",
    r"\Sigma d_0 = 1",
    r"\operatorname{Var}_{\text{with}} = \frac{N - 1}{N - B} \operatorname{Var}_{\text{without}}",
    r"\nabla \Sigma = 0",
    r"\frac{\partial v}{\partial w} = 0",
    r"w_{t+1} = \Sigma",
    r"\operatorname{Var} = 1",
    r"e_p e_q = 0",
    r"H^{\mathrm i} = H",
    r"H^{1/0} = H",
    r"H^{0/0} = H",
    r"\nabla^2 J = H",
    r"\text{rate} = \frac{\kappa + 1}{\kappa - 1}",
    r"d_k = d_{k+1}",
    r"d_k = W^{(k)}",
    r"\mathrm i = \frac{\partial \mathrm i}{\partial b_j^{(k)}}",
    r"0 < \eta \iff 0 < E_n",
    r"0 < \eta \iff 0 < H",
    r"0 < \eta \iff 0 < d_k",
    r"0 < \eta \iff 0 < f_3(1)",
    r"0 < \eta \iff 0 < t",
    r"0 < \eta \iff 0 < 1/0",
    r"0 < \eta \iff 0 < \Sigma",
    r"0 < \eta \iff 0 < X + y",
    r"J = J \iff J = J",
    r"5 \leftarrow 6 \leftarrow 7",
    r"\end{aligned} J = \begin{align} J",
)
ANSWERS_ALL = """
from tests.test_equations_fuzz import HOSTILE, faults_of
for name, latex in HOSTILE.items():
    print("?", name, flush=True)
    for fault in faults_of(latex):
        print("!", name, fault, flush=True)
print("done")
"""


def mutated(rng):
    """One of the equations with up to three tokens or characters deleted, doubled, swapped or replaced."""
    tokens = TOKEN.findall(rng.choice(EQUATIONS))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice((_delete, _double, _swap, _replace, _replace, _insert))(tokens, rng)
    latex = " ".join(tokens)
    if rng.random() < 0.2:
        place = rng.randrange(len(latex) + 1)
        latex = latex[:place] + rng.choice(CHARACTERS) + latex[place + rng.randrange(2) :]
    return latex


def _delete(tokens, rng):
    if len(tokens) > 1:
        del tokens[rng.randrange(len(tokens))]


def _double(tokens, rng):
    place = rng.randrange(len(tokens))
    tokens.insert(place, tokens[place])


def _swap(tokens, rng):
    one, two = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    tokens[one], tokens[two] = tokens[two], tokens[one]


def _replace(tokens, rng):
    """Exchange a token, mostly for one of its own kind, so that many mutants are still equations."""
    place = rng.randrange(len(tokens))
    alike = [token for token in POOL if token[0] == tokens[place][0]] if rng.random() < 0.7 else POOL
    tokens[place] = rng.choice(alike)


def _insert(tokens, rng):
    tokens.insert(rng.randrange(len(tokens) + 1), rng.choice(POOL))


def faults_of(latex):
    """What is wrong with the answer to this input: a list of sentences, empty if all is well."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = check_equation(latex)
            faults = _faults_of_result(latex, result)
        except EquationError as error:
            faults = _faults_of_repair(error.repair) if error.repair else []
            faults += [] if 0 <= error.position <= len(latex) else [f"position {error.position} lies outside"]
        except Exception as error:  # the point of the test: nothing else may come out
            faults = [f"{type(error).__name__}: {error}"]
    return faults


def _faults_of_result(latex, result):
    if not isinstance(result, Result) or result.verdict not in ("holds", "fails"):
        return [f"no verdict: {result!r}"]
    if result.verdict == "holds":
        return ["it holds, and yet there is a repair"] if result.repair else []
    faults = _faults_of_repair(result.repair) if result.repair else []
    assert repr(result) and result._repr_html_()
    return faults


def _faults_of_repair(repair):
    """Whether a repair does what it promises: it reads, and it holds."""
    try:
        verdict = check_equation(repair).verdict
    except Exception as error:
        return [f"the repair {repair!r} raises {type(error).__name__}: {error}"]
    return [] if verdict == "holds" else [f"the repair {repair!r} does not hold"]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_the_equations_hold_before_they_are_spoilt(equation):
    """The seeds of the fuzz are right, so the fuzz starts from what the language can say."""
    assert check_equation(equation).verdict == "holds"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mutated_equation_gets_an_answer(seed):
    """A verdict or an EquationError, without a warning; and whatever repair is offered holds."""
    rng = random.Random(seed)
    inputs = [mutated(rng) for _ in range(INPUTS_PER_SEED)]
    faulty = {latex: faults for latex in inputs if (faults := faults_of(latex))}
    assert not faulty, "\n".join(f"{latex!r}: {'; '.join(faults)}" for latex, faults in faulty.items())


@pytest.mark.parametrize("latex", ODD)
def test_a_symbol_in_an_odd_place_gets_an_answer(latex):
    """Symbols of one world in another, conditions of what is no number, powers that are none."""
    assert not faults_of(latex)


@pytest.mark.slow
def test_a_hostile_input_is_answered_soon(pytestconfig):
    """All of them in one process that is stopped after a while; the name asked last is the one that hangs."""
    command = [sys.executable, "-W", "error", "-c", ANSWERS_ALL]
    try:
        done = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"no answer in time to: {(late.stdout or b'').decode().splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "done"
    assert not (faults := [line for line in lines if line.startswith("!")]), "\n".join(faults)


@pytest.mark.parametrize("thing", (None, 3, b"J = J", ["J = J"], EQUATIONS))
def test_what_is_no_string_is_a_type_error(thing):
    """TypeError is kept for what is no LaTeX at all."""
    with pytest.raises(TypeError):
        check_equation(thing)
