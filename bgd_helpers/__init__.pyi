"""The vocabulary of `import bgd_helpers as bgd`: what editors show, and what __init__.py loads on first use."""

from . import environment as environment
from . import network as network
from .checks import check as check
from .checks import check_derivation as check_derivation
from .data import (
    load_digits as load_digits,
)
from .data import (
    load_penguins as load_penguins,
)
from .data import (
    load_steps as load_steps,
)
from .data import (
    one_hot as one_hot,
)
from .data import (
    split as split,
)
from .data import (
    standardise as standardise,
)
from .descent import batches as batches
from .descent import descend as descend
from .descent import update as update
from .equations import check_equation as check_equation
from .gradcheck import (
    central_difference as central_difference,
)
from .gradcheck import (
    compare as compare,
)
from .gradcheck import (
    complex_step as complex_step,
)
from .gradcheck import (
    cosine as cosine,
)
from .gradcheck import (
    errors_against_step as errors_against_step,
)
from .gradcheck import (
    flattened as flattened,
)
from .lessons import (
    experiments as experiments,
)
from .lessons import (
    handout as handout,
)
from .lessons import (
    limits as limits,
)
from .lessons import (
    minima as minima,
)
from .lessons import (
    races as races,
)
from .lessons import (
    sampling as sampling,
)
from .lessons import (
    tuning as tuning,
)
from .network import (
    activation as activation,
)
from .network import (
    backprop as backprop,
)
from .network import (
    backprop_index as backprop_index,
)
from .network import (
    cost as cost,
)
from .network import (
    cost_from_layer as cost_from_layer,
)
from .network import (
    cost_of as cost_of,
)
from .network import (
    deltas as deltas,
)
from .network import (
    example_gradients as example_gradients,
)
from .network import (
    forward as forward,
)
from .network import (
    gradient_of as gradient_of,
)
from .network import (
    initial_parameters as initial_parameters,
)
from .network import (
    predict as predict,
)
from .pictures import evidence_plots as evidence_plots
from .pictures import museum as museum
from .pictures import plots as plots
from .pictures.backprop import backprop_explorer as backprop_explorer
from .pictures.backprop import backprop_figure as backprop_figure
from .pictures.batch_noise import noise_explorer as noise_explorer
from .pictures.bgd import bgd_explorer as bgd_explorer
from .pictures.bgd import bgd_figure as bgd_figure
from .pictures.break_it import break_it_explorer as break_it_explorer
from .pictures.comparison import comparison_explorer as comparison_explorer
from .pictures.comparison import comparison_tables as comparison_tables
from .pictures.fit import fit_explorer as fit_explorer
from .pictures.gradient_size import gradient_size_explorer as gradient_size_explorer
from .pictures.one_weight import weight_explorer as weight_explorer
from .pictures.paths import (
    along_the_step as along_the_step,
)
from .pictures.paths import (
    bowl_of as bowl_of,
)
from .pictures.paths import (
    contour_panels as contour_panels,
)
from .pictures.paths import (
    cost_curves as cost_curves,
)
from .pictures.paths import (
    cost_panels as cost_panels,
)
from .pictures.paths import (
    gradient_arrows as gradient_arrows,
)
from .pictures.paths import (
    run_of as run_of,
)
from .pictures.paths import (
    section as section,
)
from .pictures.sgd import sgd_explorer as sgd_explorer
from .pictures.sgd import sgd_figure as sgd_figure
from .pictures.start import slope_explorer as slope_explorer
from .pictures.start import slope_picture as slope_picture
from .scale import shards as shards
from .slips import costs_after_training as costs_after_training
from .theory import (
    batch_variance as batch_variance,
)
from .theory import (
    best_learning_rate as best_learning_rate,
)
from .theory import (
    condition_number as condition_number,
)
from .theory import (
    hessian as hessian,
)
from .theory import (
    learning_rate_limit as learning_rate_limit,
)
from .theory import (
    linear_cost as linear_cost,
)
from .theory import (
    linear_example_gradients as linear_example_gradients,
)
from .theory import (
    linear_gradient as linear_gradient,
)
from .theory import (
    linear_path as linear_path,
)
from .theory import (
    minimiser as minimiser,
)
from .theory import (
    noise_floor as noise_floor,
)
from .theory import (
    with_ones as with_ones,
)

__version__: str
