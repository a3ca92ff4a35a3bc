"""What is read, and as what; what is refused, where, and in which words; and that trees read back from their LaTeX."""

import pytest

from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.reading import LARGEST, read
from bgd_helpers.equations.syntax import Chain, latex
from tests.test_equations_equivalent import BY_ACCIDENT, EQUIVALENT, SLIPS
from tests.test_equations_fuzz import EQUATIONS

E3 = r"J = \frac1N \sum_n E_n"
NORM = r"J = \lVert Y - \hat Y \rVert^2"
POWER = r"J = (z_{nj}^{(k)})^2"
GRADIENT = r"\nabla J = 0"
COURSE = [*EQUATIONS, *sum(EQUIVALENT.values(), []), *sum(BY_ACCIDENT.values(), []), *(row[0] for row in SLIPS)]

# a spelling, and the plain form that it is read as
SPELLINGS = [
    (rf"${E3}$", E3),
    (rf"$${E3}$$", E3),
    (rf"\[ {E3} \]", E3),
    (rf"\( {E3} \).", E3),
    (r"\begin{aligned} J &= \frac1N \sum_n E_n \end{aligned}", E3),
    (r"\begin{align*} J &=& \tfrac{1}{N} \sum\limits_{n} E_n \\ \end{align*}", E3),
    (r"\begin{aligned} J &= 1 & E_n &= 2 \\ N &= 3 \end{aligned}", "J = 1, E_n = 2, N = 3"),
    (r"\sum_{n=1}^{10} E_n = J", r"\sum_{n = 1}^{ 10 } E_n = J"),
    (r"\sum_{n=1}^N E_n = J", r"\sum_{n=1}^{N} E_n = J"),
    (r"\sum_{nj} y_{nj} = 1", r"\sum_n \sum_j y_{nj} = 1"),
    (r"\sum_m -2 y_{nm} = 1", r"\sum_m (-2 y_{nm}) = 1"),
    (r"w := w - \eta", r"w \leftarrow w - \eta"),
    (r"J := N", "J = N"),
    (r"\sum_n 1 = N", r"\sum_n (1) = N"),
    (r"\sum_\ell z_{n\ell}^{(k)} = 1", r"\sum_{\ell} z_{n,\ell}^{(k)} = 1"),
    (r"z_{nj}^{(\ell)} = f_\ell(a_{nj}^{(\ell)})", r"z_{nj}^{(\ell)} = f_{\ell}(a_{nj}^{(\ell)})"),
    (r"f_{10}(1) = 1", r"f_{ 10 }\left(1\right) = 1"),
    (r"\operatorname{tr}(H)^2 = \operatorname{Im}(J)^2", r"(\operatorname{tr}(H))^2 = (\operatorname{Im}(J))^2"),
    (r"J = \| Y - \hat Y \|^2", NORM),
    (r"J = \|Y - \hat Y\|_F^2", NORM),
    (r"J = \Vert Y - \hat Y \Vert^2", NORM),
    (r"J = \left\| Y - \hat Y \right\|_{F}^2", NORM),
    (r"J = \left\lVert Y - \hat Y \right\rVert_F^2", NORM),
    (r"J = \big\| Y - \hat{Y} \big\|_{2}^{2}", r"J = \lVert Y - \hat Y \rVert_2^2"),
    (r"J = z_{nj}^{(k)2}", POWER),
    (r"J = {z_{nj}^{(k)}}^2", POWER),
    (r"J = z^{(k)2}_{nj}", POWER),
    (r"J = z_{nj}^{(k)}^2", POWER),
    ("J = z_{nj}^{(\nk\n)\n2}", POWER),
    (r"\nabla_\theta J = 0", GRADIENT),
    (r"\nabla_{\theta} J = 0", GRADIENT),
    (r"\nabla_w J = 0", GRADIENT),
    (r"J(w)^2 = 0", "(J(w))^2 = 0"),
    (r"J(\theta)^2 = 0", r"(J(\theta))^2 = 0"),
    (r"\nabla J^\top \nabla J = 0", r"(\nabla J)^\top (\nabla J) = 0"),
    (r"\nabla J(w)^\top X = 0", r"(\nabla (J(w)))^\top X = 0"),
    (r"\lVert \nabla J(w) \rVert^2 = 0", r"(\lVert \nabla (J(w)) \rVert)^2 = 0"),
    (r"\frac{\partial J}{\partial \hat Y} = 0", r"\partial J / \partial \hat{Y} = 0"),
]

# what is refused, the place of the caret, and a piece of the message
REFUSED = [
    ("\frac{\\partial J}{\\partial w} = 1", 0, "write r before"),
    ("J = \theta", 4, "write r before"),
    ("\nabla J = J", 0, "write r before"),
    (r"\hat{y_{nj}} = z_{nj}^{(L)}", 0, r"\hat y_{nj}"),
    (r"J = \frac1N 1^\top Y", 13, r"the column of N times 1 is \mathbf 1"),
    (r"J = 1_n", 5, r"the column of N times 1 is \mathbf 1"),
    (r"x_n \nabla^\top w = 1", 10, r"(\nabla J)^\top"),
    (r"\operatorname{Im}_n x_n = 1", 17, "no script"),
    (r"\frac{\partial^2 J}{\partial w^2} = H", 6, "second derivatives are not"),
    (r"J^2^2 = J", 3, "one ^ to a symbol"),
    (r"J = w^*^\top", 7, r"W^{(k)\top}"),
    (r"\end{aligned} J = J", 0, r"has no \begin{aligned}"),
    (r"\begin{aligned} J = J", 0, r"has no \end{aligned}"),
    (r"\begin{aligned} J = J \end{align}", 22, r"has no \begin{align}"),
    (r"W^{(1)} = \begin{pmatrix} 1 \end{pmatrix}", 10, "no matrices written out"),
    ("J = ٣", 4, "ARABIC-INDIC DIGIT THREE"),
    ("J = \u2061N \u0001", 7, "U+0001"),
    (r"\Delta_{nj} = 1", 0, r"\Delta needs its layer"),
    (r"J = \tilde N", 4, r"\tilde is not in the language."),
    (r"\sum_{k=1}^L W^{(k+1)} = 1", 13, "there is no layer k+1"),
    (r"J = \| Y", 4, "never closed"),
    (r"$J = J", 0, "both ends"),
    (r"E_N = J", 0, "the example is n"),
    (r"\sum_N E_N = J", 5, "the example is n"),
    (r"x_{nL} = 1", 0, "L is the last layer"),
    (r"x_{nI} = 1", 0, "a small letter"),
    (r"J^10 = 1", 1, "^{10}"),
    (r"\sum_{n=1}^10 E_n = 1", 10, "^{10}"),
    (r"J = \frac1N \sum E_n", 12, "what the sum runs over"),
    (r"J = \sum_{j \neq i} x_{nj}", 10, "runs over all values"),
    (r"\delta_np^{(k)} = 1", 6, "_{np}"),
    (r"X^k = 1", 1, "^{(k)}"),
    (r"X^L = 1", 1, "^{(k)}"),
    (r"\delta_{nj}^(p) = 1", 11, "^{(k)}"),
    (r"\frac{\partial L}{\partial w} = 1", 15, "the cost is J"),
    (r"\mathcal L = J", 0, "the cost is J"),
    (r"J = L", 4, "the cost is J"),
    ("Z = Zᵀ", 0, "Z needs its layer"),
    (r"Z @ W = 1", 2, "this is Python"),
    (r"Z.T = 1", 1, r"^\top"),
    (r"J == J", 2, "this is Python"),
    (r"J**2 = 1", 1, "^2"),
    (r"J = np.mean(E)", 4, "this is Python"),
    (r"J = delta_next", 4, "with its layer"),
    (r"y_hat = 1", 0, r"\hat y_{nj}"),
    (r"J = \frac{1}{n} \sum_n E_n", 13, "the number of examples is N"),
    (r"z_{nj}^{(k)} = \sigma(a_{nj}^{(k)})", 15, "written f_k"),
    (r"z_{nj}^{(k)} = f'(a_{nj}^{(k)})", 15, "f needs its layer: f_k'"),
    (r"z_{nj}^{(k)} = f(a_{nj}^{(k)})", 15, "f needs its layer: f_k."),
    (r"\theta_{t+1} = \theta_t - \epsilon \nabla J", 26, r"the learning rate is \eta"),
    (r"\detla_{nj}^{(k)} = 1", 0, r"Did you mean \delta?"),
    (r"\nabla J = \farc2N X^\top (Xw - y)", 11, r"Did you mean \frac?"),
    (r"\nabla J = frac{2}{N} X^\top (Xw - y)", 11, r"begins with a backslash: \frac"),
    (r"w_{t+1} = w_t - eta \nabla J(w_t)", 16, r"begins with a backslash: \eta"),
    (r"\theta -= \eta nabla J", 15, r"begins with a backslash: \nabla"),
    (r"\nabla J = \frac2N X^top (Xw - y)", 21, r"begins with a backslash: \top"),
    (r"\Delta^{(L)} = (Y - \hat Y) \dot f_L'(A^{(L)})", 28, r"Did you mean \odot?"),
    (r"J = half \frac1N \sum_n E_n", 4, "half is a word"),
    (r"$s^2 = J$", 1, "s is no symbol"),
    (r"\begin{array}{rcl} J &=& \fac1N \sum_n E_n \end{array}", 25, r"Did you mean \frac?"),
    (r"J = 2 \cdot -J", 12, "stands in parentheses"),
    (r"\nabla E_1 = (-2, -2)", 16, "no lists"),
    (r"\theta^{(t+1)} = \theta", 17, "write one of them"),
    (r"\theta_{new} = \theta", 0, r"\theta_{t+1}, \theta_t"),
    (r"J = \mathcal{B}", 4, r"|\mathcal B_t|"),
    ("J = " + "9" * 20, 4, "5 digits"),
    (r"J = 0.333333333333 \cdot 3 J", 6, "5 digits"),
    (r"J = W'", 4, "W needs its layer"),
    (r"J = \hat z", 4, "y and Y alone"),
    (r"z_{nj} = 1", 0, "z needs its layer: z_{nj}^{(k)}"),
    (r"w_{ij} = 1", 0, "w needs its layer"),
    (r"w^{(k)} = 1", 0, "W^{(k)} the matrix"),
    (r"x_{ni}^{(0)} = 1", 0, "x has no layer"),
    (r"\Sigma_n = 1", 0, r"\Sigma has no index"),
    (r"\mathbf 1_n = 1", 0, r"\mathbf 1 has no index"),
    (r"J =", 3, "stops short. Expected a quantity"),
    (r"J", 1, "stops short. Expected = and the other side"),
    (r"J = \frac{J}", 4, "two parts"),
    (r"J = d", 5, "a quantity must follow"),
    (r"J = (J J;)", 8, "closes the parenthesis"),
    ("J = " + "J " * (LARGEST + 1), 4 + 2 * LARGEST, "at most"),
    ("(" * (LARGEST + 1) + "J" + ")" * (LARGEST + 1) + " = J", LARGEST, "at most"),
    (r"\nabla " * 300 + "J = 1", 7 * LARGEST, "at most"),
    (" ".join(f"d_{letter}" for letter in "abceghlmpqrs") + " = 1", 0, "fewer letters"),
    ("J = J" + "^2" * 500, 7, "one ^"),
]


@pytest.mark.parametrize("spelling, plain", SPELLINGS)
def test_a_spelling_is_read_as_its_plain_form(spelling, plain):
    assert read(spelling) == read(plain)


@pytest.mark.parametrize("text, position, piece", REFUSED)
def test_what_is_refused_says_what_to_write(text, position, piece):
    with pytest.raises(EquationError) as caught:
        check_equation(text, mend=False)
    assert piece in caught.value.expected
    assert caught.value.position == position


@pytest.mark.parametrize("text, _, __", REFUSED)
def test_no_message_has_an_internal_name(text, _, __):
    with pytest.raises(EquationError) as caught:
        check_equation(text, mend=False)
    said = caught.value.expected
    assert not any(name in said for name in ("yhat", "Yhat", "ones", "__ANON", "LBRACE", "Expected _", "\x0e"))
    assert said.endswith((".", "?"))


def test_places_are_those_of_the_learners_text():
    """Wrappings and environments are blanks, so that a span still points at what was typed."""
    text = r"$$\begin{aligned} J &= \frac1N \sum_n E_n \end{aligned}$$"
    ((left, right), _) = read(text)[0]
    assert text[slice(*left.span)] == "J"
    assert text[slice(*right.span)] == r"\frac1N \sum_n E_n"


def chains(text):
    return [part for found in read(text) for part in (found if not isinstance(found, Chain) else (found,))]


@pytest.mark.parametrize("text", COURSE)
def test_a_tree_reads_back_from_its_latex(text):
    for side in (side for chain in chains(text) for side in chain.sides):
        assert read(f"{latex(side)} = 0")[0].sides[0] == side
