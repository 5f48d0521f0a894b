"""What is true: the operations of the course, each with formula, gradient, shapes, sample cases and source.

Call an op like any function; `help(conv2d)` is its page. A new topic file adds one line below.
"""

# ruff: noqa: F401, F403
from reference.activations import *
from reference.arithmetic import *
from reference.augmentation import *
from reference.chain_rule import *
from reference.convolution import *
from reference.counting import *
from reference.diagnosis import *
from reference.evaluation import *
from reference.gradients import *
from reference.graphs import *
from reference.initialization import *
from reference.kernels import use_kernels
from reference.linear import *
from reference.losses import *
from reference.normalization import *
from reference.op import OPS, Cache, Case, InputError, ShapeError
from reference.optimizers import *
from reference.pooling import *
from reference.regressors import *
from reference.regularization import *
from reference.signals import *
from reference.transposed import *
from reference.unpooling import *
