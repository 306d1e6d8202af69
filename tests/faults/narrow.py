"""A network so narrow that with ReLU it would be born dead; with a slope below 0 it lives."""

from functools import partial

from torch import nn

from tests.faults.mlp import born_narrow
from tests.faults.program import healthy

programs = (healthy("mlp-narrow", lambda: born_narrow(partial(nn.LeakyReLU, 0.4))),)
