"""Multilayer perceptrons that train as they should, many in ways that look like faults."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam, RMSprop

from tests.faults.building import chain, cross_entropy, he, squared_error, weighted
from tests.faults.fourth.making import filled, seen_through, trained
from tests.faults.fourth.mlp import of_biases, of_patients, of_squares
from tests.faults.fourth.tasks import cases, patients, spirals, visits, waves_of
from tests.faults.program import Batch, Job, healthy
from tests.faults.tasks import Pairs


def wild_slopes() -> Job:
    """PReLU whose slopes below 0 begin at 1.8 and at -0.7, unit by unit."""
    model = chain([2, 32, 32, 3], lambda: nn.PReLU(32))
    for part in model.modules():
        if isinstance(part, nn.PReLU):
            with torch.no_grad():
                part.weight.copy_(torch.where(torch.arange(32) % 2 == 0, 1.8, -0.7))
    return trained(model, spirals(), Adam, lr=1e-2)


def far_targets() -> Job:
    """Targets about 40 with a deviation of 15, which the last bias has to reach first."""
    batches: Pairs = [(x, 40 + 15 * y) for x, y in patients()]
    return trained(chain([10, 64, 1]), batches, Adam, squared_error, lr=3e-2)


def some_never_fire(share: float = 0.125) -> Job:
    """One unit in eight never fires in the first layer, nor in the second."""
    model = filled(chain([6, 64, 64, 1]), he)
    with torch.no_grad():
        for layer in weighted(model)[:2]:
            assert layer.bias is not None
            layer.bias[: round(64 * share)] = -20
    return trained(model, waves_of(), AdamW, squared_error, lr=5e-3)


def rarely(bias: float) -> Job:
    """Every unit begins below its reach for most examples, so about one in seven fires at a time."""
    model = filled(chain([8, 96, 1]), he, bias=bias)
    nn.init.zeros_(weighted(model)[-1].bias)  # type: ignore[arg-type]
    return trained(model, cases(), Adam, squared_error, lr=1e-2)


class Winners(nn.Module):
    """Lets through the greatest eighth of the units, as they are."""

    def forward(self, x: Tensor) -> Tensor:
        least = x.topk(x.shape[-1] // 8, dim=-1).values[..., -1:]
        return x * (x >= least)


class Signs(nn.Linear):
    """A layer of the signs of its weights; the gradient is passed on (Courbariaux et al., 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        signs = self.weight + (self.weight.sign() / self.in_features**0.5 - self.weight).detach()
        return F.linear(x, signs, self.bias)


def of_signs() -> Job:
    parts = [Signs(8, 96), nn.LayerNorm(96), nn.ReLU6(), Signs(96, 64), nn.LayerNorm(64), nn.ReLU6()]
    return trained(nn.Sequential(*parts, nn.Linear(64, 1)), cases(), Adam, squared_error, lr=1e-2)


def told_by_doors() -> Job:
    """Two yes-or-no answers by sigmoids of their own, and a loss of chances."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, spent, back = batch
        return F.binary_cross_entropy(model(x), torch.stack([(spent > 0).float(), back], -1))

    model = nn.Sequential(*chain([9, 32, 2], nn.Tanh), nn.Sigmoid())
    batches = seen_through(lambda x: ((x + 1).log() - 1.2) / 0.6, visits())
    return trained(model, batches, RMSprop, loss, lr=2e-3)


class Rising(nn.Linear):
    """A layer whose weights are all above 0, by softplus, so that what comes out rises with what goes in."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, F.softplus(self.weight - 4), self.bias)


def rising() -> Job:
    """How ill, as a function that may only rise with each measurement, or with its opposite."""
    batches = seen_through(lambda x: torch.cat([x, -x], -1), patients())
    model = nn.Sequential(Rising(20, 24), nn.Tanh(), Rising(24, 24), nn.Tanh(), Rising(24, 1))
    return trained(model, batches, Adam, squared_error, lr=4e-2)


def after_training() -> Job:
    """Trained for some time before, and now a little more at a low rate: nothing is left to gain."""
    model, batches = filled(chain([10, 24, 1]), he), patients()
    first = Adam(model.parameters(), lr=5e-3)
    for step in range(4 * len(batches)):
        first.zero_grad()
        squared_error(model, batches[step % len(batches)]).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, batches, Adam, squared_error, lr=5e-5)


def smoothed() -> Job:
    """Half of the labels are drawn anew, and the others are smoothed: little can be learned, and it is."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1], label_smoothing=0.1)

    return trained(chain([2, 48, 48, 3], nn.GELU), spirals(redrawn=0.4), NAdam, loss, lr=1e-2)


programs = (
    healthy("mlp-squares-normalised", lambda: of_squares(lambda: nn.LayerNorm(32))),
    healthy("mlp-blood-standardised", lambda: of_patients(patients())),
    healthy("mlp-biases-near-0", lambda: of_biases(0.1)),
    healthy("mlp-wild-slopes", wild_slopes),
    healthy("mlp-far-targets", far_targets),
    healthy("mlp-one-in-eight-never-fires", some_never_fire),
    healthy("mlp-rarely-firing", lambda: rarely(-1.5)),
    healthy(
        "mlp-winners",
        lambda: trained(chain([8, 96, 96, 1], Winners), cases(), Adam, squared_error, lr=5e-3),
    ),
    healthy("mlp-signs-as-weights", of_signs),
    healthy("mlp-chances-of-doors", told_by_doors),
    healthy("mlp-rising", rising),
    healthy("mlp-after-training", after_training),
    healthy("mlp-labels-mostly-noise", smoothed),
    healthy(
        "mlp-decay-of-one",
        lambda: trained(chain([6, 48, 48, 1]), waves_of(), AdamW, squared_error, lr=5e-3, weight_decay=1.0),
    ),
    healthy(
        "mlp-fast-normalised",
        lambda: trained(
            chain([2, 48, 48, 3], between=[lambda: nn.LayerNorm(48)]), spirals(), SGD, cross_entropy, lr=0.4
        ),
    ),
    healthy(
        "mlp-four-examples",
        lambda: trained(chain([10, 32, 1], nn.ELU), patients(batch=4), SGD, squared_error, lr=0.01),
    ),
)
