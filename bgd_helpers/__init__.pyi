"""The vocabulary of `import bgd_helpers as bgd`: what editors show, and what __init__.py loads on first use."""

from . import environment as environment, network as network
from .checks import check as check, check_derivation as check_derivation, check_page as check_page
from .checks.earlier import yours as yours
from .data import (
    load_digits as load_digits,
    load_penguins as load_penguins,
    one_hot as one_hot,
    split as split,
    standardise as standardise,
)
from .descent import batches as batches, descend as descend, update as update
from .equations import check_equation as check_equation
from .gradcheck import (
    central_difference as central_difference,
    compare as compare,
    complex_step as complex_step,
    cosine as cosine,
    errors_against_step as errors_against_step,
    flattened as flattened,
)
from .lessons import (
    autodiff as autodiff,
    beliefs as beliefs,
    experiments as experiments,
    handout as handout,
    limits as limits,
    minima as minima,
    races as races,
    sampling as sampling,
    tuning as tuning,
)
from .network import (
    activation as activation,
    backprop as backprop,
    backprop_index as backprop_index,
    cost as cost,
    cost_from_layer as cost_from_layer,
    cost_of as cost_of,
    deltas as deltas,
    example_gradients as example_gradients,
    forward as forward,
    gradient_of as gradient_of,
    initial_parameters as initial_parameters,
)
from .pictures import evidence_plots as evidence_plots, museum as museum, plots as plots
from .pictures.backprop import backprop_explorer as backprop_explorer, backprop_figure as backprop_figure
from .pictures.batch_noise import noise_explorer as noise_explorer
from .pictures.bgd import bgd_explorer as bgd_explorer, bgd_figure as bgd_figure
from .pictures.break_it import break_it_explorer as break_it_explorer
from .pictures.comparison import comparison_explorer as comparison_explorer, comparison_tables as comparison_tables
from .pictures.errata_table import errata as errata
from .pictures.fit import fit_explorer as fit_explorer
from .pictures.gradient_size import gradient_size_explorer as gradient_size_explorer
from .pictures.ordering import order as order
from .pictures.one_weight import weight_explorer as weight_explorer
from .pictures.paths import (
    along_the_step as along_the_step,
    cost_curves as cost_curves,
    cost_panels as cost_panels,
    gradient_arrows as gradient_arrows,
    paths_on_contours as paths_on_contours,
    step_section as step_section,
)
from .pictures.prediction_form import asked_again as asked_again, predict as predict, predicted as predicted
from .pictures.sgd import sgd_explorer as sgd_explorer, sgd_figure as sgd_figure
from .pictures.start import slope_explorer as slope_explorer, slope_picture as slope_picture
from .scale import shards as shards
from .scale.timings import load_steps as load_steps
from .slips import costs_after_training as costs_after_training
from .theory import (
    batch_variance as batch_variance,
    best_learning_rate as best_learning_rate,
    condition_number as condition_number,
    hessian as hessian,
    learning_rate_limit as learning_rate_limit,
    linear_cost as linear_cost,
    linear_example_gradients as linear_example_gradients,
    linear_gradient as linear_gradient,
    linear_path as linear_path,
    minimiser as minimiser,
    noise_floor as noise_floor,
    with_ones as with_ones,
)

__version__: str
