"""The rows of the evidence. A new claim is a function that runs its experiment, and an entry here."""

from bgd_helpers.evidence import networks, noise, quadratic, races
from bgd_helpers.evidence.row import Row

EFFICIENT = "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp"
OURS = "this course"

ROWS = (
    Row(
        "limit",
        "The limit, and the best rate",
        "On a quadratic BGD converges if and only if 0 < η < 2/λ_max. At the best η the distance to the minimum "
        "shrinks by (κ − 1)/(κ + 1) per update.",
        f"{EFFICIENT}, section 5; Nesterov, Introductory Lectures on Convex Optimization, Theorem 2.1.15",
        "The largest learning rate is 2/λ_max, and the number of updates is governed by κ = λ_max/λ_min.",
        quadratic.limit_and_rate,
        "None but the convention: the source has ½ in the cost. Our λ are twice, our η half of theirs.",
        "limit",
    ),
    Row(
        "local-limit",
        "The same limit at a minimum of a network",
        "Close to a minimum of a network the limit is 2/λ_max of the Hessian there.",
        f"{OURS}: the row above, applied to the second-order expansion of J",
        "Near a minimum J is nearly quadratic, so a distance is multiplied by 1 − ηλ: by 0.98 in size 1 % below the "
        "limit, by 1.02 above.",
        quadratic.local_limit,
        "None. It says nothing about runs far from the minimum.",
        "local_limit",
    ),
    Row(
        "gaussians",
        "LeCun's two Gaussians",
        "For two classes of points in the plane the curvatures are about 0.84 and 0.036, the limit is 2.38.",
        f"{EFFICIENT}, section 5.2",
        "λ = 0.84 and 0.036, largest learning rate 2.38; the cost has ½.",
        quadratic.two_gaussians,
        "We do not have the source's points: we draw our own, for which λ is 0.84 and 0.04 in expectation. We also "
        "give the network its bias, whose curvature is 1 with ½: the limit of all three parameters is then 2, not "
        "2.38. In our convention, without ½, λ doubles and the limits halve.",
        "gaussians",
    ),
    Row(
        "overtaking",
        "SGD is fast, then stalls; BGD overtakes",
        "BGD converges linearly; SGD leads at first, stalls at a constant η, and is overtaken.",
        "Bottou, Curtis, Nocedal 2018, Optimization Methods for Large-Scale Machine Learning, section 3.3 and Figure "
        "3.1",
        "SGD makes fast progress at first, then slows down; the batch method is steady and overtakes.",
        races.overtaking,
        "The source's figure is of its own data and batch method; ours is least squares with κ = 49 and N = 1000, "
        "and plain BGD with its best η. We follow the expected risk, which needs no seeds: the first time that one "
        "noisy run is below would favour SGD. At which epoch the two cross depends on η, κ and the noise of the "
        "targets, and so does which of two rates it passes first.",
        "overtaking",
    ),
    Row(
        "size",
        "What more examples cost",
        "Beside SGD, BGD becomes slower in proportion to the number of examples.",
        "Wilson, Martinez 2003, The general inefficiency of batch training for gradient descent learning (abstract)",
        "Batch training is slower by a factor that grows about linearly with the size of the training set.",
        races.work_and_size,
        "The source trains networks on its own tasks; ours is linear regression, counted in gradients of examples. "
        "The slope agrees; the factors belong to the problem.",
        "size",
    ),
    Row(
        "best-rates",
        "The best η for each batch size, on two axes",
        "With the best η for each B, large batches need the fewest updates and small ones the fewest epochs.",
        OURS,
        "The two axes tell opposite stories of the same runs.",
        networks.best_rates,
        "There is no source to differ from. A network 8-8-1 and N = 512; the numbers depend on the target, and so "
        "may the order of neighbouring batch sizes. That the two ends lie far apart is asserted beyond chance.",
        "best_rates",
    ),
    Row(
        "copies",
        "Ten copies of the data",
        "Ten copies of every example leave BGD's path as it is and make it ten times as expensive.",
        f"{EFFICIENT}, section 4.1",
        "A mean over ten copies of the data is the same gradient for ten times the work; SGD profits from the copies.",
        races.ten_copies,
        "None for BGD. SGD at equal work comes as far as without the copies, but not to the same digit: its orders "
        "differ.",
        "copies",
    ),
    Row(
        "xor",
        "XOR from random starts",
        "BGD solves XOR with a 2-2-1 network from some starts only; the others end at J = 1/8, 1/6 or 1/4.",
        OURS,
        "A stuck network fits some of the four targets and answers the others with their mean.",
        networks.xor_starts,
        "There is no source to differ from. The share belongs to sigmoid units and starts from U(−1, 1); within the "
        "updates given, a run on a plateau counts as stuck. None of ours is left at 1/4, a plateau that this η lets "
        "every run leave in time.",
        "xor",
    ),
    Row(
        "variance",
        "The variance of a batch's mean gradient",
        "It is Σ/B with replacement, and (Σ/B)(N − B)/(N − 1) without.",
        "sampling from a finite population; enumerated here, so that no source is needed",
        "Without replacement the variance is smaller by the factor (N − B)/(N − 1), which is 0 at B = N.",
        noise.variance_law,
        "None: both laws hold as fractions.",
        "variance",
    ),
    Row(
        "floor",
        "The noise floor",
        "At a fixed η SGD settles at the variance ηΣ/(Bλ(2 − ηλ)), if examples are drawn with replacement.",
        OURS,
        "The fixed point of v = (1 − ηλ)²v + η²Σ/B.",
        noise.noise_floor,
        "None within the errors of the runs.",
        "floor",
    ),
    Row(
        "reshuffling",
        "The floor under reshuffling",
        "If each epoch is a fresh permutation, the floor at the ends of epochs falls about as η³, not as η.",
        OURS,
        "For small ηN the errors of an epoch cancel to leading order.",
        noise.reshuffled_floor,
        "None. The slope is 3 only as η goes to 0: over the η tried it is a little less.",
        "reshuffling",
    ),
    Row(
        "mean-path",
        "The mean path of SGD",
        "On a quadratic, with examples drawn independently, the mean of SGD's paths is the path of BGD. Not so under "
        "reshuffling, nor for a network.",
        OURS,
        "The gradient is linear in w there, so that taking the mean and taking a step can change places.",
        noise.mean_path,
        "None: equality and both counterexamples are fractions.",
    ),
    Row(
        "running-mean",
        "Rates that fall, and rates that fall too fast",
        "On (w − x)² the rate 1/(2t) makes w the mean of the examples seen; 1/(2t²) from t = 2 stops halfway.",
        OURS,
        "The product of the factors 1 − 1/t² from t = 2 on is 1/2.",
        noise.running_mean,
        "None. Texts with ½ in the cost have 1/t and 1/t² in place of our rates.",
        "running_mean",
    ),
)  # fmt: skip
