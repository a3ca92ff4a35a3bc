"""Right equations in many styles, wrong ones with the slip that they make, and some that are right by accident only."""

import re
from collections import Counter

import pytest
from tiers import first_with, signs

from bgd_helpers import slips
from bgd_helpers.equations import check_equation


def aligned(*lines):
    r"""A derivation, a line each."""
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


EQUIVALENT = {
    "E1": [
        r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)} + b_j^{(k)}, \qquad "
        r"z_{nj}^{(k)} = f_k\big(a_{nj}^{(k)}\big)",
        r"a_{nj}^{(k)} = b_j^{(k)} + \sum_{m=1}^{d_{k-1}} w_{mj}^{(k)} z_{nm}^{(k-1)}",
        r"a_{nj}^{(k+1)} = \sum_i f_k(a_{ni}^{(k)}) w_{ij}^{(k+1)} + b_j^{(k+1)}",
        r"a_{nj}^{(1)} = \sum_i x_{ni} w_{ij}^{(1)} + b_j^{(1)}",
        r"A^{(k)} = Z^{(k-1)} W^{(k)} + \mathbf 1 b^{(k)\top}",
        r"A^{(k)\top} = W^{(k)\top} Z^{(k-1)\top} + b^{(k)} \mathbf 1^\top",
        r"Z^{(k)} = f_k(Z^{(k-1)} W^{(k)} + \mathbf{1} {b^{(k)}}^\top)",
        r"\hat y_{nj} = z_{nj}^{(L)} = f_L(a_{nj}^{(L)})",
        r"a_{nj}^{(k)} = (Z^{(k-1)} W^{(k)})_{nj} + b_j^{(k)}",
    ],
    "E2": [
        r"E_n = \sum_j (y_{nj} - \hat y_{nj})^2",
        r"E_n = \sum_{j=1}^{d_L} \left(\hat{y}_{nj} - y_{nj}\right)^2",
        r"E_n = \sum_j (y_{nj} - f_L(a_{nj}^{(L)}))^2",
        r"E_n = \sum_j (y_{nj}^2 - 2 y_{nj} \hat y_{nj} + \hat y_{nj}^2)",
        r"E_n = \lVert y_n - \hat y_n \rVert^2",
    ],
    "E3": [
        r"J = \frac1N \sum_n E_n",
        r"J = \frac{1}{N} \sum_{n=1}^N \sum_{j=1}^{d_L} (y_{nj} - \hat y_{nj})^2",
        r"J = \frac1N \sum_{n,j} (y_{nj} - z_{nj}^{(L)})^2 = \frac1N \lVert Y - Z^{(L)} \rVert_F^2",
        r"N J = \sum_n E_n",
    ],
    "E4": [
        r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj})\, f_L'\big(a_{nj}^{(L)}\big), \qquad "
        r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'\big(A^{(L)}\big)",
        r"$$\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})$$",
        r"\delta_{nj}^{(k)} = \frac{\partial E_n}{\partial a_{nj}^{(k)}}",
        r"\delta_{nj}^{(L)} = 2 (z_{nj}^{(L)} - y_{nj}) \cdot f'_L(a^{(L)}_{nj})",
        r"\delta_{nj}^{(L)} = N \frac{\partial J}{\partial a_{nj}^{(L)}}",
        r"\Delta^{(L)} = f_L'(A^{(L)}) \odot (\hat Y - Y) \cdot 2",
        r"\Delta^{(L)} = N \frac{\partial J}{\partial \hat Y} \odot f_L'(A^{(L)})",
        r"\left(\Delta^{(L)}\right)_{nj} = -2 (Y - \hat Y)_{nj} f_L'(a_{nj}^{(L)})",
        r"\frac{\partial}{\partial \hat y_{nj}} (y_{nj}^2 - 2 y_{nj} \hat y_{nj} + \hat y_{nj}^2) "
        r"= 2 \hat y_{nj} - 2 y_{nj}",
        aligned(
            r"\delta_{nj}^{(L)} &= \frac{\partial}{\partial a_{nj}^{(L)}} \sum_m (y_{nm} - \hat y_{nm})^2",
            r"&= \sum_m 2 (y_{nm} - \hat y_{nm}) \left(-\frac{\partial \hat y_{nm}}{\partial a_{nj}^{(L)}}\right)",
            r"&= -2 (y_{nj} - \hat y_{nj}) \frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}}",
            r"&= -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        ),
        aligned(
            r"\delta_{nj}^{(L)} &= \sum_m \frac{\partial E_n}{\partial \hat y_{nm}}"
            r"\frac{\partial \hat y_{nm}}{\partial a_{nj}^{(L)}}",
            r"&= \sum_m -2 (y_{nm} - \hat y_{nm}) \frac{\partial \hat y_{nm}}{\partial a_{nj}^{(L)}}",
            r"&= -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        ),
        aligned(
            r"\frac{\partial}{\partial \hat y_{nj}} (y_{nj} - \hat y_{nj})^2"
            r"&= \frac{\partial (y_{nj} - \hat y_{nj})}{\partial \hat y_{nj}} (y_{nj} - \hat y_{nj})"
            r"+ (y_{nj} - \hat y_{nj}) \frac{\partial (y_{nj} - \hat y_{nj})}{\partial \hat y_{nj}}",
            r"&= -(y_{nj} - \hat y_{nj}) - (y_{nj} - \hat y_{nj})",
            r"&= -2 (y_{nj} - \hat y_{nj})",
        ),
        aligned(
            r"\frac{\partial J}{\partial a_{nj}^{(L)}} &= \frac1N \sum_m \frac{\partial E_m}{\partial a_{nj}^{(L)}}",
            r"&= \frac1N \frac{\partial E_n}{\partial a_{nj}^{(L)}}",
            r"&= \frac{1}{N} \delta_{nj}^{(L)}",
        ),
    ],
    "E5": [
        r"\delta_{ni}^{(k)} = f_k'\big(a_{ni}^{(k)}\big) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
        r"\delta_{nj}^{(k)} = \Big[\sum_m \delta_{nm}^{(k+1)} w_{jm}^{(k+1)}\Big] \cdot f_k'(a_{nj}^{(k)})",
        r"\delta_{nj}^{(k-1)} = f_{k-1}'(a_{nj}^{(k-1)}) \sum_m w_{jm}^{(k)} \delta_{nm}^{(k)}",
        r"\delta_{ni}^{(1)} = f_1'(a_{ni}^{(1)}) \sum_{j=1}^{d_2} w_{ij}^{(2)} \delta_{nj}^{(2)}",
        r"\delta_{ni}^{(L-1)} = -2 f_{L-1}'(a_{ni}^{(L-1)}) "
        r"\sum_j w_{ij}^{(L)} (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} f_{k+1}'(a_{nj}^{(k+1)}) "
        r"\sum_m w_{jm}^{(k+2)} \delta_{nm}^{(k+2)}",
        r"\frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}} = w_{ij}^{(k+1)} f_k'(a_{ni}^{(k)})",
        r"\Delta^{(k)} = \big(\Delta^{(k+1)} W^{(k+1)\top}\big) \odot f_k'\big(A^{(k)}\big)",
        r"\Delta^{(k)} = f_k'(A^{(k)}) \odot \Delta^{(k+1)} (W^{(k+1)})^T",
        r"\Delta^{(k)\top} = (W^{(k+1)} \Delta^{(k+1)\top}) \odot f_k'(A^{(k)})^\top",
        r"\sum_j \delta_{nj}^{(k+1)} w_{ij}^{(k+1)} = \sum_j \delta_{nj}^{(k+1)} \big(W^{(k+1)\top}\big)_{ji} "
        r"= \big(\Delta^{(k+1)} W^{(k+1)\top}\big)_{ni}",
        r"\delta_{ni}^{(k)} = \sum_j \left(\Delta^{(k+1)}\right)_{nj} \left(W^{(k+1)\top}\right)_{ji} "
        r"f_k'(a_{ni}^{(k)})",
        aligned(
            r"\delta_{ni}^{(k)} &= \sum_j \frac{\partial E_n}{\partial a_{nj}^{(k+1)}} "
            r"\frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}}",
            r"&= \sum_j \delta_{nj}^{(k+1)} \frac{\partial a_{nj}^{(k+1)}}{\partial z_{ni}^{(k)}} "
            r"\frac{\partial z_{ni}^{(k)}}{\partial a_{ni}^{(k)}}",
            r"&= \sum_j \delta_{nj}^{(k+1)} w_{ij}^{(k+1)} f_k'(a_{ni}^{(k)})",
        ),
        aligned(
            r"\frac{\partial a_{nj}^{(k+1)}}{\partial z_{ni}^{(k)}} &= \frac{\partial}{\partial z_{ni}^{(k)}} "
            r"\left( \sum_m z_{nm}^{(k)} w_{mj}^{(k+1)} + b_j^{(k+1)} \right)",
            r"&= \sum_m \frac{\partial z_{nm}^{(k)}}{\partial z_{ni}^{(k)}} w_{mj}^{(k+1)}",
            r"&= w_{ij}^{(k+1)}",
        ),
        aligned(
            r"\delta_{ni}^{(k)} &= -2 \sum_m (y_{nm} - \hat y_{nm}) \frac{\partial \hat y_{nm}}{\partial a_{ni}^{(k)}}",
            r"&= -2 \sum_m (y_{nm} - \hat y_{nm}) \sum_j \frac{\partial \hat y_{nm}}{\partial a_{nj}^{(k+1)}} "
            r"\frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}}",
            r"&= \sum_j \delta_{nj}^{(k+1)} w_{ij}^{(k+1)} f_k'(a_{ni}^{(k)})",
        ),
    ],
    "E6": [
        r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = z_{ni}^{(k-1)} \delta_{nj}^{(k)}, \qquad "
        r"\frac{\partial E_n}{\partial b_j^{(k)}} = \delta_{nj}^{(k)}",
        r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = \frac{\partial E_n}{\partial a_{nj}^{(k)}} \cdot "
        r"\frac{\partial a_{nj}^{(k)}}{\partial w_{ij}^{(k)}}",
        r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = \sum_m \delta_{nm}^{(k)} "
        r"\frac{\partial a_{nm}^{(k)}}{\partial w_{ij}^{(k)}}",
        r"\partial E_n / \partial w_{ij}^{(1)} = x_{ni} \delta_{nj}^{(1)}",
        r"\frac{\partial E_n}{\partial w_{ij}^{(L)}} = -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)}) z_{ni}^{(L-1)}",
        r"\frac{\partial a_{nj}^{(k)}}{\partial w_{ij}^{(k)}} = \sum_m z_{nm}^{(k-1)} "
        r"\frac{\partial w_{mj}^{(k)}}{\partial w_{ij}^{(k)}} = z_{ni}^{(k-1)}",
        r"\frac{\partial a_{nj}^{(k)}}{\partial b_j^{(k)}} = 1",
    ],
    "E7": [
        r"\dfrac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}, \qquad "
        r"\dfrac{\partial J}{\partial W^{(k)}} = \frac1N Z^{(k-1)\top} \Delta^{(k)}",
        r"\frac{\partial J}{\partial w_{pq}^{(l)}} = N^{-1} \sum_{r=1}^{N} z_{rp}^{(l-1)} \delta_{rq}^{(l)}",
        r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac{\sum_n \delta_{nj}^{(k)} z_{ni}^{(k-1)}}{N}",
        r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \sum_n \frac{\partial J}{\partial a_{nj}^{(k)}} z_{ni}^{(k-1)}",
        r"\frac{\partial}{\partial w_{ij}^{(k)}} J = \frac1N \sum_n \frac{\partial}{\partial w_{ij}^{(k)}} E_n",
        r"\frac{\partial J}{\partial W^{(k)}} = Z^{(k-1)\top} \Delta^{(k)} / N",
        r"\frac{\partial J}{\partial W^{(k)}} = \frac1N \left( \Delta^{(k)\top} Z^{(k-1)} \right)^\top",
        r"\frac{\partial J}{\partial W^{(1)}} = \frac{1}{N} X^\top \Delta^{(1)}",
        r"\frac{\partial J}{\partial w_{ij}^{(k)}} = -\frac{2}{N} \sum_n \sum_m (y_{nm} - \hat y_{nm}) "
        r"\frac{\partial \hat y_{nm}}{\partial w_{ij}^{(k)}}",
        aligned(
            r"\frac{\partial J}{\partial w_{ij}^{(k)}} &= \frac{\partial}{\partial w_{ij}^{(k)}} \frac1N \sum_n E_n",
            r"&= \frac1N \sum_n \frac{\partial E_n}{\partial a_{nj}^{(k)}} "
            r"\frac{\partial a_{nj}^{(k)}}{\partial w_{ij}^{(k)}}",
            r"&= \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
            r"&= \frac1N \sum_n \left(Z^{(k-1)\top}\right)_{in} \left(\Delta^{(k)}\right)_{nj}",
            r"&= \frac1N \left(Z^{(k-1)\top} \Delta^{(k)}\right)_{ij}",
        ),
    ],
    "E8": [
        r"\dfrac{\partial J}{\partial b_j^{(k)}} = \frac1N \sum_n \delta_{nj}^{(k)}, \qquad "
        r"\dfrac{\partial J}{\partial b^{(k)}} = \frac1N \Delta^{(k)\top} \mathbf 1",
        r"\frac{\partial J}{\partial b^{(k)}} = \frac1N (\mathbf 1^\top \Delta^{(k)})^\top",
        r"\left(\frac{\partial J}{\partial b^{(k)}}\right)_j = \frac1N \sum_n \delta_{nj}^{(k)}",
        aligned(
            r"\frac{\partial J}{\partial b_j^{(k)}} &= \frac1N \sum_n \frac{\partial E_n}{\partial b_j^{(k)}}",
            r"&= \frac1N \sum_n \frac{\partial E_n}{\partial a_{nj}^{(k)}} "
            r"\frac{\partial a_{nj}^{(k)}}{\partial b_j^{(k)}}",
            r"&= \frac1N \sum_n \delta_{nj}^{(k)} \cdot 1",
        ),
    ],
    "E9": [
        r"\theta_{t+1} = \theta_t - \eta \nabla J",
        r"\theta_{t+1} = \theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{n \in \mathcal B_t} \nabla E_n(\theta_t)",
        r"w_{ij}^{(k)} \leftarrow w_{ij}^{(k)} - \frac{\eta}{N} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
        r"W^{(k)} \leftarrow W^{(k)} - \frac{\eta}{N} Z^{(k-1)\top} \Delta^{(k)}",
        r"b_j^{(k)} \leftarrow b_j^{(k)} - \eta \frac{\partial J}{\partial b_j^{(k)}}",
        r"w_{ij}^{(k)} \leftarrow w_{ij}^{(k)} - \eta z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    ],
    "E10": [r"\nabla J = \sum_s \frac{N_s}{N} \nabla J_s", r"N \nabla J = \sum_s N_s \nabla J_s"],
    "E11": [
        r"\nabla J = \frac2N X^\top (Xw - y)",
        r"\nabla J = \frac{2}{N} (X^\top X w - X^\top y) = -\frac2N X^\top (y - X w)",
    ],
    "E12": [r"H = \frac2N X^\top X", r"H = 2 X^T X / N"],
    "E13": [r"X^\top X w^* = X^\top y", r"X^\top (X w^* - y) = 0", r"\nabla J = H (w - w^*)"],
    "E14": [
        r"w_t - w^* = (I - \eta H)^t (w_0 - w^*)",
        r"w_{t+1} - w^* = (I - \eta H) (w_t - w^*)",
    ],
    "E15": [r"w_t \to w^* \iff 0 < \eta < 2/\lambda_{\max}"],
    "E16": [r"\eta^* = 2/(\lambda_{\min} + \lambda_{\max})", r"\eta^* = \frac{2}{\lambda_{\max} + \lambda_{\min}}"],
    "E17": [
        r"\text{rate} = (\kappa-1)/(\kappa+1)",
        r"\text{rate} = \frac{\lambda_{\max} - \lambda_{\min}}{\lambda_{\max} + \lambda_{\min}}",
    ],
}

D_OUT = r"\delta_{nj}^{(L)} = "
D_HID = r"\delta_{ni}^{(k)} = "
M_HID = r"\Delta^{(k)} = "
DE_W = r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = "
DJ_W = r"\frac{\partial J}{\partial w_{ij}^{(k)}} = "
DJ_WM = r"\frac{\partial J}{\partial W^{(k)}} = "
DJ_B = r"\frac{\partial J}{\partial b_j^{(k)}} = "
E4 = D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})"
E4_TURNED = D_OUT + r"2 (\hat y_{nj} - y_{nj}) f_L'(a_{nj}^{(L)})"
E4_MATRIX = r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'(A^{(L)})"
E5 = D_HID + r"f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}"
E5_MATRIX = M_HID + r"\Delta^{(k+1)} W^{(k+1)\top} \odot f_k'(A^{(k)})"
E6 = DE_W + r"z_{ni}^{(k-1)} \delta_{nj}^{(k)}"
E7 = DJ_W + r"\frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}"
E7_MATRIX = DJ_WM + r"\frac1N Z^{(k-1)\top} \Delta^{(k)}"
E8 = DJ_B + r"\frac1N \sum_n \delta_{nj}^{(k)}"
E2 = r"E_n = \sum_j (y_{nj} - \hat y_{nj})^2"
BGD = r"\theta_{t+1} = \theta_t - \eta \nabla J"
HANDOUT = "the handout's hidden formula"

# an equation, the slip (two joined by " + "; None: it has no name), and what a teacher would make of it (None: open)
SLIPS = [
    (D_OUT + r"2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "sign", E4),
    (D_OUT + r"-(y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "half convention", E4),
    (D_OUT + r"(\hat y_{nj} - y_{nj}) f_L'(a_{nj}^{(L)})", "half convention", E4_TURNED),
    (D_OUT + r"-4 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "factor 2 again", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj})", "no f' at the output", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_L'(z_{nj}^{(L)})", "f'(z) for f'(a)", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_L'(\hat y_{nj})", "f'(z) for f'(a)", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_L(a_{nj}^{(L)})", "f for f'", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) z_{nj}^{(L)}", "f for f'", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj})^2 f_L'(a_{nj}^{(L)})", "squared twice", E4),
    (D_OUT + r"-\frac{2}{N} (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "1/N twice", E4),
    (D_OUT + r"-\frac{2}{d_L} (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "mean over outputs", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) (1 - (z_{nj}^{(L)})^2)", "tanh everywhere", E4),
    (D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_{L-1}'(a_{nj}^{(L-1)})", "f' of the wrong layer", E4),
    (D_OUT + r"(y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "half convention + sign", E4),
    (D_OUT + r"2 (y_{nj} - \hat y_{nj})", "sign + no f' at the output", E4),
    (D_OUT + r"-2 \sum_m (y_{nm} - \hat y_{nm}) f_L'(a_{nj}^{(L)})", None, E4),
    (D_OUT + r"-2 y_{nj} - \hat y_{nj} f_L'(a_{nj}^{(L)})", None, E4),
    (r"\frac{\partial}{\partial \hat y_{nj}} (y_{nj} - \hat y_{nj})^2 = 2 (y_{nj} - \hat y_{nj})", "sign", None),
    (r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'(Z^{(L)})", "f'(z) for f'(a)", E4_MATRIX),
    (r"\Delta^{(L)} = -2 (Y - \hat Y) f_L'(A^{(L)})", None, E4_MATRIX),
    (D_HID + r"\sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}", "no f' in hidden layers", E5),
    (D_HID + r"f_k'(a_{ni}^{(k)}) \sum_j \delta_{nj}^{(k+1)}", "no W in hidden layers", E5),
    (D_HID + r"f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k)} \delta_{nj}^{(k+1)}", "W of the wrong layer", E5),
    (D_HID + r"f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k)} \delta_{nj}^{(k)}", "W of the wrong layer", E5),
    (D_HID + r"f_k'(a_{ni}^{(k)}) \sum_j w_{ji}^{(k+1)} \delta_{nj}^{(k+1)}", "missing transpose", E5),
    (D_HID + r"f_k'(z_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}", "f'(z) for f'(a)", E5),
    (D_HID + r"f_k(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}", "f for f'", E5),
    (D_HID + r"f_{k+1}'(a_{ni}^{(k+1)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}", "f' of the wrong layer", E5),
    (D_HID + r"f_k'(a_{ni}^{(k)}) w_{i1}^{(k+1)} \delta_{n1}^{(k+1)}", "first output only", E5),
    (D_HID + r"\frac1N f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}", "1/N twice", E5),
    (D_HID + r"\delta_{ni}^{(L)}", HANDOUT, None),
    (M_HID + r"\Delta^{(k+1)} W^{(k+1)} \odot f_k'(A^{(k)})", "missing transpose", E5_MATRIX),
    (M_HID + r"\Delta^{(k+1)} W^{(k)\top} \odot f_k'(A^{(k)})", "W of the wrong layer", E5_MATRIX),
    (M_HID + r"\Delta^{(k+1)} W^{(k+1)\top}", "no f' in hidden layers", E5_MATRIX),
    (M_HID + r"\Delta^{(k+1)} W^{(k+1)\top} f_k'(A^{(k)})", None, E5_MATRIX),
    (M_HID + r"\Delta^{(k+1)} \odot f_k'(A^{(k)})", "no W in hidden layers", E5_MATRIX),
    (M_HID + r"\Delta^{(k+1)} W^{(k+1)}", "missing transpose + no f' in hidden layers", E5_MATRIX),
    (DE_W + r"z_{nj}^{(k-1)} \delta_{nj}^{(k)}", "z_j for z_i", E6),
    (DE_W + r"z_{ni}^{(k)} \delta_{nj}^{(k)}", "z of the wrong layer", E6),
    (DE_W + r"\frac1N z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "1/N twice", E6),
    (DE_W + r"z_{ni}^{(k-1)} \delta_{nj}^{(L)}", HANDOUT, E6),
    (DE_W + r"f_k'(a_{nj}^{(k)}) z_{ni}^{(k-1)} \delta_{nj}^{(k)}", None, E6),
    (DJ_W + r"\sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "missing 1/N", E7),
    (DJ_W + r"\frac{1}{N^2} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "1/N twice", E7),
    (DJ_W + r"\frac{1}{2N} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "half convention", E7),
    (DJ_W + r"\frac{2}{N} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "factor 2 again", E7),
    (DJ_W + r"\frac{1}{N d_k} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}", "mean over outputs", E7),
    (DJ_W + r"\frac1N \sum_n z_{nj}^{(k-1)} \delta_{nj}^{(k)}", "z_j for z_i", E7),
    (DJ_W + r"\frac1N \sum_n z_{ni}^{(k)} \delta_{nj}^{(k)}", "z of the wrong layer", E7),
    (DJ_W + r"\frac1N z_{1i}^{(k-1)} \delta_{1j}^{(k)}", "first example only", E7),
    (DJ_W + r"\frac{1}{N^2} \sum_n z_{ni}^{(k-1)} \sum_m \delta_{mj}^{(k)}", "product of means", E7),
    (DJ_W + r"\frac1N \sum_n \delta_{nj}^{(L)} z_{ni}^{(k-1)}", HANDOUT, E7),
    (DJ_W + r"\sum_n z_{nj}^{(k-1)} \delta_{nj}^{(k)}", "z_j for z_i + missing 1/N", E7),
    (DJ_WM + r"\frac1N \Delta^{(k)\top} Z^{(k-1)}", "dW transposed", None),
    (DJ_WM + r"\frac1N Z^{(k-1)} \Delta^{(k)}", "missing transpose", E7_MATRIX),
    (DJ_WM + r"Z^{(k-1)\top} \Delta^{(k)}", "missing 1/N", E7_MATRIX),
    (DJ_WM + r"\frac{1}{d_k} Z^{(k-1)\top} \Delta^{(k)}", "divided by the width", E7_MATRIX),
    (DJ_B + r"\sum_n \delta_{nj}^{(k)}", "bias not averaged", E8),
    (DJ_B + r"\frac{1}{d_k} \sum_n \delta_{nj}^{(k)}", "divided by the width", E8),
    (DJ_B + r"\frac1N \sum_n z_{nj}^{(k-1)} \delta_{nj}^{(k)}", None, E8),
    (r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)}", "bias left out of forward", None),
    (r"E_n = \frac12 \sum_j (y_{nj} - \hat y_{nj})^2", "half convention", E2),
    (r"E_n = \frac{1}{d_L} \sum_j (y_{nj} - \hat y_{nj})^2", "mean over outputs", E2),
    (r"E_n = \sum_j (y_{nj} - \hat y_{nj})", "not squared", E2),
    (r"E_n = \left(\sum_j (y_{nj} - \hat y_{nj})\right)^2", "square of the sum", E2),
    (r"E_n = \sum_j (y_{nj}^2 - \hat y_{nj}^2)", "difference of squares", E2),
    (r"E_n = \lVert y_n - \hat y_n \rVert", "root of the sum", r"E_n = \lVert y_n - \hat y_n \rVert^2"),
    (r"E_n = (y_{n1} - \hat y_{n1})^2", "first output only", E2),
    (r"J = \sum_n E_n", "missing 1/N", r"J = \frac1N \sum_n E_n"),
    (r"J = \frac{1}{2N} \sum_n E_n", "half convention", r"J = \frac1N \sum_n E_n"),
    (r"\theta_{t+1} = \theta_t + \eta \nabla J", "sign", BGD),
    (r"\theta_{t+1} = \theta_t - \nabla J", "learning rate left out", BGD),
    (r"\theta_{t+1} = -\eta \nabla J", "step without theta", BGD),
    (r"\theta_{t+1} = \theta_t - \eta", "gradient left out", BGD),
    (
        r"\theta_{t+1} = \theta_t - \eta \sum_{n \in \mathcal B_t} \nabla E_n",
        "missing 1/N",
        r"\theta_{t+1} = \theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{n \in \mathcal B_t} \nabla E_n",
    ),
    (
        r"\theta_{t+1} = \theta_t - \frac{\eta}{N} \sum_{n \in \mathcal B_t} \nabla E_n",
        "divided by N",
        r"\theta_{t+1} = \theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{n \in \mathcal B_t} \nabla E_n",
    ),
    (  # wrong in the middle line only
        aligned(
            r"\delta_{nj}^{(L)} &= \frac{\partial}{\partial a_{nj}^{(L)}} \sum_m (y_{nm} - \hat y_{nm})^2",
            r"&= \sum_m 2 (y_{nm} - \hat y_{nm}) \frac{\partial \hat y_{nm}}{\partial a_{nj}^{(L)}}",
            r"&= -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        ),
        "sign",
        None,
    ),
    (  # carried on to the next line
        aligned(
            r"\delta_{nj}^{(L)} &= \frac{\partial E_n}{\partial \hat y_{nj}} f_L'(a_{nj}^{(L)})",
            r"&= -2 (y_{nj} - \hat y_{nj})^2 f_L'(a_{nj}^{(L)})",
            r"&= 2 (\hat y_{nj} - y_{nj})^2 f_L'(a_{nj}^{(L)})",
        ),
        "squared twice",
        None,
    ),
]

# right (or at least defined) only where all widths are equal, with one output, with N = 1, with linear layers, or in
# networks of two layers
BY_ACCIDENT = {
    "square": [
        r"\Delta^{(k)} = \Delta^{(k+1)} W^{(k+1)} \odot f_k'(A^{(k)})",
        r"\frac{\partial J}{\partial W^{(k)}} = \frac1N \Delta^{(k)\top} Z^{(k-1)}",
        r"\frac1{d_k} \sum_j z_{nj}^{(k)} = \frac1{d_{k-1}} \sum_j z_{nj}^{(k)}",
        r"E_n = \frac{d_L}{d_{L-1}} \sum_j (y_{nj} - \hat y_{nj})^2",
        D_HID + r"f_k'(a_{ni}^{(k)}) \sum_{j=1}^{d_k} w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
        DJ_B + r"\frac{d_k}{N d_{k-1}} \sum_n \delta_{nj}^{(k)}",
    ],
    "one output": [
        r"E_n = (y_{n1} - \hat y_{n1})^2",
        r"E_n = \left(\sum_j (y_{nj} - \hat y_{nj})\right)^2",
        r"E_n = \frac{1}{d_L} \sum_j (y_{nj} - \hat y_{nj})^2",
        D_OUT + r"-2 \sum_m (y_{nm} - \hat y_{nm}) f_L'(a_{nj}^{(L)})",
        r"\delta_{ni}^{(L-1)} = f_{L-1}'(a_{ni}^{(L-1)}) w_{i1}^{(L)} \delta_{n1}^{(L)}",
        DJ_W + r"\frac1N \sum_n \delta_{n1}^{(L)} \frac{\partial a_{n1}^{(L)}}{\partial w_{ij}^{(k)}}",
    ],
    "N = 1": [
        r"J = \sum_n E_n",
        r"J = E_1",
        DJ_W + r"\sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
        DJ_W + r"z_{1i}^{(k-1)} \delta_{1j}^{(k)}",
        DJ_W + r"\frac{1}{N^2} \sum_n \sum_m z_{ni}^{(k-1)} \delta_{mj}^{(k)}",
        r"\frac{\partial J}{\partial b^{(k)}} = \Delta^{(k)\top} \mathbf 1",
        r"\Delta^{(k)} = \frac{\partial J}{\partial A^{(k)}}",
    ],
    "linear layers": [
        r"z_{nj}^{(k)} = a_{nj}^{(k)}",
        r"f_k'(a_{nj}^{(k)}) = 1",
        D_OUT + r"-2 (y_{nj} - \hat y_{nj})",
        D_OUT + r"-2 (y_{nj} - \hat y_{nj}) f_L'(z_{nj}^{(L)})",
        M_HID + r"\Delta^{(k+1)} W^{(k+1)\top}",
        D_HID + r"f_k'(a_{ni}^{(k)})^2 \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
        r"A^{(k+1)} = A^{(k)} W^{(k+1)} + \mathbf 1 b^{(k+1)\top}",
    ],
    "two layers": [
        r"\delta_{ni}^{(1)} = f_1'(a_{ni}^{(1)}) \sum_j w_{ij}^{(L)} \delta_{nj}^{(L)}",
        r"\frac{\partial \hat y_{nj}}{\partial z_{ni}^{(1)}} = w_{ij}^{(2)} f_2'(a_{nj}^{(2)})",
        r"\frac{\partial J}{\partial w_{ij}^{(L)}} = \frac1N \sum_n z_{ni}^{(1)} \delta_{nj}^{(L)}",
    ],
    "rounding": [
        r"10^{12} + 1 = 10^{12}",
        r"10^{11} + 1 = 10^{11}",
        r"J = J + 10^{-12} J",
        r"(J + 10^{-6}) (J - 10^{-6}) = J^2",
        r"(J + \eta^9)^2 = J^2 + 2 \eta^9 J",
        r"(J + h)^3 = J^3 + 3 h J^2 + 3 h^2 J",
        r"((50 w_{ij}^{(k)})^{-8} + 1) (50 w_{ij}^{(k)})^{24} = (50 w_{ij}^{(k)})^{24}",
        r"\sum_n (\frac{E_n}{N J})^{400} = (\sum_n (\frac{E_n}{N J})^{200})^2",
        r"f_k'(1000) = f_k'(2000)",
        r"\operatorname{tr}((H^8)^8) = \lambda_{\max}^{64}",
        r"\operatorname{tr}((X X^\top)^{64})^2 = \operatorname{tr}((X X^\top)^{64} (X X^\top)^{64})",
    ],
}


def written(latex):
    """How often each symbol is written. Spaces, brackets, and what joins factors do not count."""
    tokens = re.findall(r"\\mathcal B_t|\\mathbf 1|\\[A-Za-z]+|[^\s\\]", latex)
    joints = (*"(){}[]1", r"\left", r"\right", r"\frac", r"\cdot")
    return Counter(token for token in tokens if token not in joints)


def rows(table):
    """The equations of a table, each under the name of its group."""
    return [pytest.param(latex, id=f"{name} {i}") for name, group in table.items() for i, latex in enumerate(group, 1)]


@pytest.mark.parametrize(
    "latex", first_with(lambda latex: {*signs(latex), r"(\mathbf 1^\top" in latex}, rows(EQUIVALENT))
)
def test_right_equations_hold(latex):
    assert check_equation(latex).verdict == "holds"


@pytest.mark.parametrize(
    "latex, slip, mended", first_with(lambda latex, slip, _: {slip, latex.partition("=")[0]}, SLIPS)
)
def test_slips_are_named_and_mended(latex, slip, mended):
    result = check_equation(latex)
    assert result.verdict == "fails"
    names = (result.slip or "").split(" + ")
    assert sorted(names) == sorted((slip or "").split(" + "))
    if mended:
        assert result.repair and written(result.repair) == written(mended)
    if result.repair:
        assert check_equation(result.repair).verdict == "holds"


@pytest.mark.parametrize("latex", rows(BY_ACCIDENT))
def test_what_is_right_by_accident_fails(latex):
    assert check_equation(latex, mend=False).verdict == "fails"


def test_tables():
    """Every slip of the table is one of the catalogue, what the table calls mended holds, and the tables are long."""
    for _, slip, mended in SLIPS:
        assert set((slip or "").split(" + ")) <= set(slips.BY_NAME) | {""}
        assert mended is None or check_equation(mended).verdict == "holds"
    assert sum(map(len, EQUIVALENT.values())) >= 80 and len(SLIPS) >= 50


UNSAID = [r"z_{nj}^{(k)} = a_{nj}^{(k)}", r"B = N", r"J = J J", r"1 = 2"]


@pytest.mark.parametrize("latex", UNSAID)
def test_a_repair_says_something(latex):
    """Nothing is transposed that is a number, and a side is not mended by itself."""
    repair = check_equation(latex).repair
    left = latex.split(" = ")[0]
    assert repair is None or "top" not in repair and left not in repair.split(" = ")[1]


def test_a_sign_within_a_square_is_no_slip_of_the_catalogue():
    assert check_equation(r"E_n = \sum_j (y_{nj} + \hat y_{nj})^2").slip is None
