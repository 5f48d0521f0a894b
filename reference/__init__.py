"""What is true: the operations of the course, each with formula, gradient, shapes, sample cases and source.

Call an op like any function; `help(conv2d)` is its page. A new topic file adds one line below.
"""

# ruff: noqa: F401, F403
from reference.activations import *
from reference.arithmetic import *
from reference.augmentation import *
from reference.blocks import *
from reference.chain_rule import *
from reference.classic_networks import *
from reference.convolution import *
from reference.counting import *
from reference.data import *
from reference.diagnosis import *
from reference.evaluation import *
from reference.gradients import *
from reference.graphs import *
from reference.initialization import *
from reference.kernels import use_kernels
from reference.layers import *
from reference.linear import *
from reference.losses import *
from reference.mazur import *
from reference.mlp import *
from reference.networks import *
from reference.normalization import *
from reference.op import OPS, Cache, Case, InputError, ShapeError
from reference.optimizers import *
from reference.pooling import *
from reference.progress import *
from reference.regressors import *
from reference.regularization import *
from reference.signals import *
from reference.small_networks import *
from reference.summaries import *
from reference.training import *
from reference.transposed import *
from reference.unpooling import *
