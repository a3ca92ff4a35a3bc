"""The check of equations: verdicts, counterexamples, what is refused and how, and that it never hangs."""

import subprocess
import sys

import numpy as np
import pytest

from bgd_helpers import network
from bgd_helpers.checks import check_derivation
from bgd_helpers.equations import EquationError, check_equation, models

E7 = r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac{1}{N} \sum_{n=1}^{N} z_{ni}^{(k-1)} \delta_{nj}^{(k)}"
E7_WITH_ZJ = E7.replace("z_{ni}", "z_{nj}")


def test_a_slip_is_located_named_and_mended():
    result = check_equation(E7_WITH_ZJ)
    assert (result.verdict, result.slip, result.repair) == ("fails", "z_j for z_i", E7)
    assert result.counterexample.model == "a 2-4-3 network with N = 5"
    assert result.counterexample.at == {"i": 1, "j": 2, "k": 1}
    assert "the left side is" in result.message and "what unit i sends" in result.message
    assert result.latex[slice(*result.span)] == "z_{nj}^{(k-1)}"


def test_an_entry_of_a_matrix_is_located():
    assert check_equation("X = 2 X", mend=False).counterexample.at == {"row": 1, "column": 1}


def test_the_counterexample_is_what_backprop_and_the_formula_give():
    """The two numbers in the message, recomputed by other means."""
    found = check_equation(E7_WITH_ZJ).counterexample
    model = models.networks()[0]
    theta = [(W, b[:, 0]) for W, b in zip(model.still.W[1:], model.still.b[1:])]
    data = theta, model.X, model.Y, model.f[1:]
    dW = network.backprop(*data)[0][0]
    formula = (model.X[:, 1] * network.deltas(*data)[1][:, 1]).mean()
    assert np.isclose(found.left, dW[0, 1], rtol=1e-12) and np.isclose(found.right, formula, rtol=1e-12)


def test_a_result_shows_itself():
    result = check_equation(E7_WITH_ZJ)
    assert repr(result).startswith("✗ does not hold: in a 2-4-3 network")
    html = result._repr_html_()
    assert r"\boxed{z_{nj}^{(k-1)}}" in html and "Mended" in html and "✗" in html
    assert repr(check_equation(E7)).startswith("✓ holds")


def test_what_a_learner_writes_is_escaped():
    html = check_equation(r"w_t \to w^* \iff 0 < \eta < 2/\lambda_{\max}")._repr_html_()
    assert "0 &lt; \\eta" in html


def test_definitions_are_told_from_claims():
    assert check_equation(r"E_n = \sum_j (y_{nj} - \hat y_{nj})^2").definition
    assert check_equation(r"\delta_{nj}^{(k)} = \frac{\partial E_n}{\partial a_{nj}^{(k)}}").definition
    assert check_equation("X = Z^{(0)}").definition
    assert not check_equation(E7).definition
    assert check_equation(r"E_n = \frac12 \sum_j (y_{nj} - \hat y_{nj})^2").verdict == "fails"


UPDATES = [
    (r"\theta_{t+1} = \theta_t - \eta \nabla E_n(\theta_t)", "SGD"),
    (r"\theta_{t+1} = \theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{n \in \mathcal B_t} \nabla E_n", "mini-batch SGD"),
    (r"\theta_{t+1} = \theta_t - \eta \nabla J(\theta_t)", "BGD"),
    (r"w_{ij}^{(k)} \leftarrow w_{ij}^{(k)} - \frac{\eta}{N} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "BGD"),
    (r"b_j^{(k)} \leftarrow b_j^{(k)} - \eta \delta_{nj}^{(k)}", "SGD"),
    (r"W^{(k)} \leftarrow W^{(k)} - \frac{\eta}{N} Z^{(k-1)\top} \Delta^{(k)}", "BGD"),
    (r"w_{t+1} = w_t + 2 \eta (y_m - x_m^\top w_t) x_m", "SGD"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "rule"), UPDATES)
def test_an_update_is_judged_by_its_rule(latex, rule):
    assert check_equation(latex).rule == rule
    assert check_equation(latex, rule=rule).verdict == "holds"
    for other in {"SGD", "mini-batch SGD", "BGD"} - {rule}:
        result = check_equation(latex, rule=other)
        assert result.verdict == "fails" and f"it is that of {rule}" in result.message


def test_an_update_by_the_new_parameters_is_none():
    result = check_equation(r"\theta_{t+1} = \theta_t - \eta \nabla J(\theta_{t+1})")
    assert result.verdict == "fails" and "new parameters" in result.message


def test_every_step_of_a_chain_counts():
    right = r"\theta \leftarrow \theta - \eta \nabla J"
    assert check_equation(right).verdict == "holds"
    with pytest.raises(EquationError):
        check_equation(f"{right} = 5 E_n")
    assert check_equation(r"J = \frac1N \sum_n E_n = \frac1N \lVert Y - \hat Y \rVert^2").verdict == "holds"
    assert check_equation(r"J = \frac1N \sum_n E_n = \frac2N \lVert Y - \hat Y \rVert^2").verdict == "fails"


def test_a_later_line_is_named_and_the_whole_is_mended():
    wrong = E7 + r" \\ J = \sum_n E_n \\ E_n = \frac12 \sum_j (y_{nj} - \hat y_{nj})^2"
    result = check_equation(wrong)
    assert result.message.startswith("line 2 does not hold")
    assert check_equation(result.repair).verdict == "holds"


def test_a_formula_of_the_output_layer_used_for_hidden_ones_is_told():
    result = check_equation(r"\delta_{nj}^{(k)} = -2 (y_{nj} - \hat y_{nj}) f_k'(a_{nj}^{(k)})")
    assert "holds for the last layer" in result.message


UNROLLED = r"""\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} f_{k+1}'(a_{nj}^{(k+1)})
\sum_m w_{jm}^{(k+2)} f_{k+2}'(a_{nm}^{(k+2)}) \sum_q w_{mq}^{(k+3)}"""

DEGENERATE = [  # wrong, and right in a network that is square, has one output, one example, or a linear layer
    r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)}) \odot f_k'(A^{(k)})",
    r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) w_{i1}^{(k+1)} \delta_{n1}^{(k+1)}",
    r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj})",
    r"E_n = \frac{1}{d_L} \sum_j (y_{nj} - \hat y_{nj})^2",
    r"d_1 = d_2",
    r"f_4'(a_{nj}^{(4)}) = 1 - (z_{nj}^{(4)})^2",
    r"\hat y_{nj} = z_{nj}^{(3)}",
    r"\hat y_{nj} = z_{nj}^{(4)}",
    r"\hat y_{nj} = z_{nj}^{(5)}",
    r"\hat y_n = z_{n1}^{(4)}",
    r"z_{nj}^{(k+4)} = \hat y_{nj}",
    r"z_{ni}^{(L-4)} = x_{ni}",
    r"\delta_{nj}^{(4)} = -2 (y_{nj} - \hat y_{nj}) f_4'(a_{nj}^{(4)})",
    f"{UNROLLED} (-2) (y_{{nq}} - \\hat y_{{nq}}) f_{{k+3}}'(a_{{nq}}^{{(k+3)}})",
    r"J = \frac1N \lVert Y - \hat Y \rVert_2^2",
    r"N_1 = 1",
    r"v = \frac{\eta \Sigma}{B \lambda (2 - 2 \eta)}",
    r"10^{10} + 1 = 10^{10}",
    r"1 + \mathrm i h^2 = 1",
    r"w_t \to w^* \iff 0 < \eta \le 2/\lambda_{\max}",
]


@pytest.mark.parametrize("latex", DEGENERATE)
def test_no_equation_holds_by_accident(latex):
    assert check_equation(latex, mend=False).verdict == "fails"


@pytest.mark.parametrize(
    "latex",
    [
        rf"{UNROLLED} \delta_{{nq}}^{{(k+3)}}",
        r"z_{nj}^{(5)} = f_5(a_{nj}^{(5)})",
        r"\delta_{ni}^{(L-4)} = f_{L-4}'(a_{ni}^{(L-4)}) \sum_j w_{ij}^{(L-3)} \delta_{nj}^{(L-3)}",
        r"\lVert X w - y \rVert_2^2 = N J",
        r"\lambda_{\max} = \lVert H \rVert_2",
    ],
)
def test_deep_layers_and_the_norm_with_a_2_are_what_they_are(latex):
    assert check_equation(latex).verdict == "holds"


def test_a_gradient_of_one_example_has_a_letter():
    assert check_equation(r"g_n = \nabla E_n", mend=False).verdict == "holds"


def test_a_norm_of_the_wrong_kind_is_mended():
    result = check_equation(r"J = \frac1N \lVert Y - \hat Y \rVert_2^2")
    assert result.repair == r"J = \frac1N \lVert Y - \hat Y \rVert^2" and "singular value" in result.message


def test_a_layer_that_only_the_deepest_network_has_is_refused():
    with pytest.raises(EquationError, match="too few networks"):
        check_equation(r"z_{nj}^{(6)} = f_6(a_{nj}^{(6)})")


def test_the_networks_are_of_every_kind():
    nets = models.networks()
    assert {net.L for net in nets} >= {1, 2, 3, 4} and 1 in {net.N for net in nets}
    assert any(len(set(net.widths) | {net.N}) == len(net.widths) + 1 for net in nets), "sizes all different"
    assert any(len(set(net.widths)) == 1 for net in nets), "square"
    assert any(net.widths[-1] == 1 for net in nets) and any(net.widths[-1] > 1 for net in nets)
    assert all(b.all() for net in nets for b in net.still.b[1:]), "no bias is zero"


REFUSED = [  # LaTeX, where, and a piece of what is said
    (r"J = \frac{1{N}", 9, "never closed"),
    (r"J = 1}", 5, "closes nothing"),
    (r"\gamma = 3", 0, "the learning rate is"),
    (r"z_{nj}^{(L+1)} = 3", 0, "no layer after L"),
    (r"w_{ij}^{(0)} = 1", 0, "no layer 0"),
    (r"E_n = (y_{nj} - \hat y_{nj})^2", 7, "free on the right side only"),
    (r"E_n = J", 6, "free on the left side only"),
    (r"\sum_k z_{nj}^{(k)} = 1", 0, "a sum over layers is written"),
    (r"\frac{\partial \delta_{nj}^{(k)}}{\partial b_j^{(k)}} = 1", 15, "no second derivatives"),
    (r"\sum_j \sum_j w_{jj}^{(k)} = 1", 7, "summed over twice"),
    (r"0 < \eta", 4, "\\iff"),
    (r"\Sigma E_n = 1", 7, "belongs to"),
    (r"w = W^{(1)}", 4, "belongs to"),
    (r"\nabla \Sigma = 0", 7, "gradient"),
    (r"\theta_{t-1} = \theta_t", 0, "cannot stand here"),
    (r"w_t = w", None, "write one of them"),
    (r"w_t \to w^* \iff 0 < d_k", None, "bounds"),
    (r"w_t \to w^* \iff 0 < \eta < 2/\lambda_{\max} + 10^{-17}", None, "different in size"),
    (r"\theta \leftarrow", None, "stops short"),
    (" ".join(f"b_{i}^{{(1)}}" for i in "aceghlmpqr") + " = 0", 0, "too many values"),
    ("", 0, "no equation yet"),
    ("(" * 5000 + "J" + ")" * 5000 + " = J", None, "at most"),
]


@pytest.mark.parametrize(("latex", "position", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_equation_is_refused_with_the_place(latex, position, said):
    with pytest.raises(EquationError) as caught:
        check_equation(latex)
    assert said in caught.value.expected
    assert position is None or caught.value.position == position
    assert str(caught.value).splitlines()[-1].strip() == "^" or caught.value.repair


@pytest.mark.parametrize("letters", ["ab", "abc", "abce", "abceg"])
def test_the_number_of_layer_letters_has_no_bound_of_its_own(letters):
    assert check_equation(" ".join(f"d_{letter}" for letter in letters) + " = 1", mend=False).verdict == "fails"


def test_a_lost_sum_is_put_back():
    lost = r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}"
    with pytest.raises(EquationError) as caught:
        check_equation(lost)
    assert check_equation(caught.value.repair).verdict == "holds"


def test_only_text_is_read():
    with pytest.raises(TypeError, match="string of LaTeX"):
        check_equation(3)
    with pytest.raises(ValueError, match="no update rule"):
        check_equation(E7, rule="Adam")


HOSTILE = [
    r"10^{10^{10}} = 10^{10^{10}}",
    "J = " + "J " * 400,
    "J = " + " + ".join(["E_n"] * 400),
    "J = J" + "^2" * 500,
    " ".join(f"d_{letter}" for letter in "abceghlmpqrs") + " = 1",
    r"\sum_p \sum_q \sum_r \nabla J(\theta + h e_p + h e_q + h e_r) = \nabla J",
    "".join(rf"\sum_{{{i}=1}}^9 " for i in "ijmpqr") + "w_{ij}^{(1)} w_{mp}^{(1)} w_{qr}^{(1)} = 1",
    r"\frac" * 800,
    "{" * 2000,
    r"J = __import__('os').system('echo')",
]  # fmt: skip


def test_nothing_hangs():
    """Each hostile input gets an answer; the process that asks is stopped if it does not."""
    code = (
        "import sys\nfrom bgd_helpers.equations import check_equation, EquationError\n"
        "for latex in sys.stdin.read().split('\\0'):\n"
        "    try:\n        check_equation(latex)\n    except EquationError:\n        pass\n"
        "print('done')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        input="\0".join(HOSTILE),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "done\n" and done.stderr == ""


def test_backpropagation_is_not_asked(monkeypatch):
    """Derivatives come from complex steps: with every function of backpropagation broken, E7 still holds."""

    def broken(*args, **kwargs):
        raise AssertionError("backpropagation was asked")

    for name in (*network.Equations._fields, "backprop", "deltas", "backprop_index", "example_gradients"):
        monkeypatch.setattr(network, name, broken)
    models.networks.cache_clear()
    assert check_equation(E7).verdict == "holds"


def test_a_derivation_is_checked_by_the_same_function():
    assert check_derivation("E5", r"\delta_{ni}^{(k)} = 3").outcome == "wrong"
