"""Multilayer perceptrons that train as they should, some in ways that look like faults."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import (
    Scheduled,
    adam,
    biased,
    chain,
    classifier,
    cross_entropy,
    he,
    initialised,
    xavier,
)
from tests.faults.mlp import (
    WIDTH,
    bottleneck,
    by_descent,
    by_hand,
    deep_net,
    of_digits,
    regression,
    scheduled,
    smooth,
    stable_probability,
    tanh_net,
    with_bias,
)
from tests.faults.program import Batch, Job, healthy
from tests.faults.tasks import CLASSES, FEATURES, clusters, digits


def selu() -> Job:
    def unit(weight: Tensor) -> None:
        nn.init.kaiming_normal_(weight, nonlinearity="linear")

    return deep_net(12, nn.SELU, unit)


def sparse() -> Job:
    """Nine values in ten are zero, and every unit fires now and then."""
    model = initialised(chain([FEATURES, 256, 256, CLASSES]), lambda weight: he(weight, 1.0))
    biased(model, -1.5, [0])
    return classifier(biased(model, -0.5, [1]), clusters())


def partly_silent() -> Job:
    """One unit in eight never fires; the others carry all that is needed."""
    job = deep_net(3, width=64)
    for layer in list(job.model.children())[:-1:2]:
        assert isinstance(layer, nn.Linear)
        with torch.no_grad():
            layer.bias[:8] = -20
    return job


def prelu() -> Job:
    """Slopes below 0 and above 1, as trained networks have them."""
    job = deep_net(4, nn.PReLU)
    for place, part in enumerate(layer for layer in job.model.children() if isinstance(layer, nn.PReLU)):
        nn.init.constant_(part.weight, (-0.6, 1.3)[place % 2])
    return job


class Mixture(nn.Module):
    """Experts behind a softmax gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(FEATURES, 4), nn.Softmax(dim=-1))
        self.experts = nn.ModuleList(chain([FEATURES, 24, CLASSES]) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        outputs = torch.stack([expert(x) for expert in self.experts], dim=-1)
        return (outputs * self.gate(x)[:, None]).sum(-1)


def binary(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.binary_cross_entropy(model(x)[:, 0], (y % 2).float())


def sigmoid_output() -> Job:
    model = nn.Sequential(*initialised(chain([FEATURES, WIDTH, WIDTH, 1])).children(), nn.Sigmoid())
    return Job(model, adam(model, 3e-3), clusters(), binary)


def between(*make: type[nn.Module], **settings: float) -> Job:
    sizes = [FEATURES, 64, 64, 64, CLASSES]
    model = chain(sizes, between=[partial(kind, **settings) for kind in make])
    return classifier(initialised(model), clusters())


def normalised() -> Job:
    model = chain([FEATURES, 64, 64, 64, CLASSES], between=[partial(nn.BatchNorm1d, 64)])
    return classifier(model, clusters())


def warm_up() -> Job:
    """The learning rate starts at practically nothing."""
    job = deep_net(3)
    return Job(
        job.model, Scheduled(job.model, 0.2, [1e-6, *(n / 20 for n in range(20))]), job.batches, job.loss
    )


def decayed() -> Job:
    job = deep_net(3)
    return Job(
        job.model, torch.optim.AdamW(job.model.parameters(), 3e-3, weight_decay=0.1), job.batches, job.loss
    )


def small_batches() -> Job:
    model = initialised(chain([FEATURES, WIDTH, WIDTH, CLASSES]))
    return Job(model, adam(model, 3e-3), clusters(batch=4, count=150), cross_entropy)


def frozen() -> Job:
    """A random feature extractor that is not trained, by design; the head is."""
    body = initialised(chain([FEATURES, 128, 128]))
    for parameter in body.parameters():
        parameter.requires_grad_(False)
    model = nn.Sequential(body, nn.ReLU(), nn.Linear(128, CLASSES))
    return Job(model, adam(model, 1e-2), clusters(), cross_entropy)


class Functional(nn.Module):
    """Activations without a module."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.one(x), 0.2)
        out: Tensor = self.last(self.two(x).clamp(min=0))
        return out


programs = (
    healthy("mlp-relu", lambda: with_bias(0, [])),
    healthy("mlp-shallow", lambda: deep_net(2)),
    healthy("mlp-relu-deep", lambda: deep_net(10)),
    healthy("mlp-relu-very-deep", lambda: deep_net(16)),
    healthy("mlp-tanh", tanh_net),
    healthy("mlp-tanh-regression", smooth),
    healthy("mlp-tanh-deep", lambda: deep_net(8, nn.Tanh, xavier)),
    healthy("mlp-tanh-very-deep", lambda: deep_net(40, nn.Tanh, xavier)),
    healthy("mlp-warm-up", lambda: scheduled([0.1, 0.5])),
    healthy("mlp-log-of-clamped", lambda: by_hand(stable_probability)),
    healthy("mlp-regression", lambda: regression(0.05)),
    healthy("mlp-digits", lambda: of_digits(digits(channels=False))),
    healthy("mlp-descent", lambda: by_descent(0.1)),
    healthy("mlp-bottleneck", lambda: bottleneck([5e-3] * 4)),
    healthy("mlp-large-but-fine-rate", lambda: by_descent(0.5)),
    healthy("mlp-momentum", lambda: by_descent(0.03, momentum=0.9)),
    healthy("mlp-selu", selu),
    healthy("mlp-sparse", sparse),
    healthy("mlp-partly-silent", partly_silent),
    healthy("mlp-prelu", prelu),
    healthy("mlp-mixture", lambda: classifier(Mixture(), clusters(), lr=5e-3)),
    healthy("mlp-sigmoid-output", sigmoid_output),
    healthy("mlp-dropout", lambda: between(nn.Dropout, p=0.3)),
    healthy("mlp-batch-norm", normalised),
    healthy("mlp-long-warm-up", warm_up),
    healthy("mlp-weight-decay", decayed),
    healthy("mlp-small-batches", small_batches),
    healthy("mlp-frozen-extractor", frozen),
    healthy("mlp-functional", lambda: classifier(Functional(), clusters(), lr=3e-3)),
)
