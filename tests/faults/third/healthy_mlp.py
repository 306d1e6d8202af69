"""Multilayer perceptrons that train as they should, many in ways that look like faults."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm
from torch.optim import SGD, Adagrad, Adam, NAdam, RMSprop

from tests.faults.building import chain, squared_error, weighted
from tests.faults.program import Batch, Job, healthy
from tests.faults.tasks import Pairs, generator
from tests.faults.third.making import seen_through, trained
from tests.faults.third.mlp import (
    about_0,
    deep_regression,
    drawn,
    judged,
    of_both,
    routed,
    shut,
    wide_sigmoid,
)
from tests.faults.third.mlp_updates import (
    dated,
    growing,
    logarithmic,
    of_columns,
    remembering,
    restarted,
    shared_rate,
)
from tests.faults.third.tasks import arcs, friedman, opinions


class Linear(nn.Linear):
    """A layer of which a fixed part of the weights is 0 for good, as in a pruned network."""

    def __init__(self, inputs: int, outputs: int, kept: float) -> None:
        super().__init__(inputs, outputs)
        self.register_buffer("mask", (torch.rand(outputs, inputs) < kept).float())
        self.mask: Tensor
        nn.init.normal_(self.weight, std=(2 / kept / inputs) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)


def pruned() -> Job:
    parts = [Linear(10, 64, 0.4), nn.ReLU(), Linear(64, 64, 0.2), nn.ReLU(), Linear(64, 1, 0.5)]
    return trained(nn.Sequential(*parts), friedman(), Adam, squared_error, lr=3e-3)


def some_silent() -> Job:
    """Ten units of 64, that is 16 %, which never fire in either layer."""
    model = chain([10, 64, 64, 1])
    with torch.no_grad():
        for layer in weighted(model)[:2]:
            assert layer.bias is not None
            layer.bias[40:50] = -15
    return trained(model, friedman(), NAdam, squared_error, lr=3e-3)


class Gates(nn.Module):
    """A gated linear unit whose gates begin far open or far shut, by unit."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.gate, self.leave = nn.Linear(10, 48), nn.Linear(10, 48), nn.Linear(48, 1)
        self.squash = nn.Sigmoid()
        with torch.no_grad():
            self.gate.bias.copy_(torch.where(torch.arange(48) % 3 == 0, -6.0, 6.0))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.leave(torch.tanh(self.enter(x)) * self.squash(self.gate(x)))
        return out


class Maxout(nn.Module):
    """The greatest of four linear functions a unit."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(2, 4 * 16), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.leave(self.enter(x).unflatten(-1, (16, 4)).amax(-1))
        return out


def one_hot() -> Job:
    """Each of ten numbers told as one of eight ranges: nine inputs in ten are 0."""

    def ranges(x: Tensor) -> Tensor:
        return F.one_hot(((x + 1.74) * 2.3).long().clamp(0, 7), 8).float().flatten(1)

    return trained(chain([80, 48, 1]), seen_through(ranges, friedman()), Adagrad, squared_error, lr=0.03)


def robust() -> Job:
    """One target in thirty is far off; the loss counts it by its distance and not by the square."""
    draw = generator(72)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return F.huber_loss(model(x), y)

    batches: Pairs = [
        (x, y + 6 * (torch.rand(y.shape, generator=draw) < 1 / 30) * torch.randn(y.shape, generator=draw))
        for x, y in friedman()
    ]
    return trained(chain([10, 48, 48, 1]), batches, Adam, loss, lr=5e-3)


def rare_class() -> Job:
    """One class in twelve examples, counted twelve times."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        rare = (y == 3).float()
        return F.binary_cross_entropy_with_logits(model(x)[:, 0], rare, pos_weight=torch.tensor(3.0))

    return trained(chain([12, 32, 32, 1]), opinions(), RMSprop, loss, lr=3e-3)


def fixed_head() -> Job:
    """Classes told by fixed orthogonal directions: the last layer is never trained, by design."""
    model = chain([12, 48, 48, 4], nn.ELU)
    head = weighted(model)[-1]
    nn.init.orthogonal_(head.weight, gain=2.0)
    head.requires_grad_(False)
    return trained(model, opinions(), Adam, lr=3e-3)


def normalised_weights() -> Job:
    """Weights as direction and length, at a rate of a half."""
    model = chain([10, 48, 48, 1])
    for layer in weighted(model)[:2]:
        weight_norm(layer)
    return trained(model, friedman(), SGD, squared_error, lr=0.1)


def much_dropped() -> Job:
    """Half of the units are left out, and a random slope below 0."""
    parts: list[nn.Module] = []
    for inputs in (12, 96):
        parts += [nn.Linear(inputs, 96), nn.RReLU(), nn.Dropout(0.5)]
    return trained(nn.Sequential(*parts, nn.Linear(96, 4)), opinions(), Adam, lr=3e-3)


programs = (
    healthy("mlp-deviation-with-root", lambda: deep_regression(0.5)),
    healthy("mlp-weights-about-0", lambda: drawn(about_0)),
    healthy("mlp-wide-sigmoid", lambda: wide_sigmoid(0.5)),
    healthy("mlp-opinions", lambda: judged(is_first=False)),
    healthy("mlp-halves", lambda: of_both(is_cut_before=False)),
    healthy("mlp-regimes", lambda: shut(0.0)),
    healthy("mlp-soft-routing", lambda: routed(is_hard=False)),
    healthy("mlp-columns-of-unit-scale", lambda: of_columns(1.0)),
    healthy("mlp-years-since", lambda: dated(-1.75)),
    healthy("mlp-logarithmic-error-above-0", lambda: logarithmic(is_safe=True)),
    healthy("mlp-rate-multiplied-by-less-than-one", lambda: growing(0.97)),
    healthy("mlp-restarted", lambda: restarted(1.0)),
    healthy("mlp-second-moment", lambda: remembering(0.999)),
    healthy("mlp-arcs-gelu", lambda: shared_rate(1e-2)),
    healthy("mlp-pruned", pruned),
    healthy("mlp-some-silent", some_silent),
    healthy("mlp-gates-open-and-shut", lambda: trained(Gates(), friedman(), Adam, squared_error, lr=1e-2)),
    healthy("mlp-maxout", lambda: trained(Maxout(), arcs(), SGD, lr=0.05, momentum=0.9)),
    healthy("mlp-one-hot", one_hot),
    healthy("mlp-far-off-targets", robust),
    healthy("mlp-rare-class", rare_class),
    healthy("mlp-fixed-head", fixed_head),
    healthy("mlp-normalised-weights", normalised_weights),
    healthy("mlp-half-dropped", much_dropped),
    healthy(
        "mlp-three-examples",
        lambda: trained(chain([12, 32, 4]), opinions(batch=3), SGD, lr=0.03, momentum=0.8),
    ),
)
