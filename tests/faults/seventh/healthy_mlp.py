"""Multilayer perceptrons that look odd and learn all the same."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adadelta, Adam, AdamW, NAdam, RAdam

from tests.faults.building import Scheduled, chain, cross_entropy, he, squared_error
from tests.faults.program import Batch, Job, healthy
from tests.faults.seventh.making import filled, trained, weighted
from tests.faults.seventh.tasks import concrete, customers, rides


def never_met() -> Job:
    """Twelve of a hundred units begin with a bias that no example makes up for."""
    model = filled(chain([10, 100, 2]), he)
    with torch.no_grad():
        bias = weighted(model)[0].bias
        assert bias is not None
        bias[:12] = -12.0
    return trained(model, customers(), Adam, lr=5e-3)


def of_forty() -> Job:
    """Targets of a deviation of 40, at a rate that is right for them."""
    model = nn.Sequential(nn.Linear(7, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 1))
    return trained(model, concrete(scale=40.0), SGD, squared_error, lr=2e-3)


def kinked() -> Job:
    """Slopes below 0 that are learned, so that units bend like absolute values."""
    model = chain([7, 40, 40, 1], lambda: nn.PReLU(init=-0.6))
    return trained(model, concrete(), Adam, squared_error, lr=5e-3)


def counted(model: nn.Module, batch: Batch) -> Tensor:
    return F.poisson_nll_loss(model(batch[0]), batch[1], full=True)


def pinball(model: nn.Module, batch: Batch) -> Tensor:
    """The value that nine in ten are below."""
    apart = batch[1] - model(batch[0])
    return torch.maximum(0.9 * apart, -0.1 * apart).mean()


class Noisy(nn.Linear):
    """Weights under noise of a learned strength, anew at every call (Fortunato et al., 2018)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.strength = nn.Parameter(torch.full((outputs, inputs), 0.5 / inputs**0.5))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight + self.strength * torch.randn_like(self.strength), self.bias)


class Wide(nn.Module):
    """A linear way beside a deep one (Cheng et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.deep = nn.Linear(10, 2), chain([10, 32, 32, 2])
        nn.init.zeros_(self.wide.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.wide(x) + self.deep(x)
        return out


def continued() -> Job:
    """A network that was trained before goes on at a low rate, on data of the same kind."""
    model = chain([10, 48, 48, 2], nn.SiLU)
    first = Adam(model.parameters(), lr=1e-2)
    for batch in customers() * 2:
        first.zero_grad()
        cross_entropy(model, batch).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, customers(), AdamW, lr=1e-4)


def selected() -> Job:
    """A layer of 200 rectifiers of which about one in twenty fires for an example, by a bias of -2.5."""
    model = filled(chain([10, 200, 2]), he)
    nn.init.constant_(weighted(model)[0].bias, -2.5)  # type: ignore[arg-type]
    return trained(model, customers(), Adam, lr=1e-2)


def up_and_down() -> Job:
    """A rate that rises to its full height within twenty steps and falls again (Smith, 2018)."""
    model = chain([7, 48, 48, 1], nn.ReLU)
    factors = [0.04 + 0.96 * (1 - abs(step - 20) / 40) for step in range(60)]
    return Job(model, Scheduled(model, 0.15, factors), concrete(), squared_error)


programs = (
    healthy("mlp-twelve-of-a-hundred-never-met", never_met),
    healthy("mlp-strength-of-deviation-forty", of_forty),
    healthy("mlp-slopes-below-0", kinked),
    healthy("mlp-rides-by-poisson", lambda: trained(chain([8, 48, 1]), rides(), Adam, counted, lr=1e-2)),
    healthy("mlp-nine-tenths", lambda: trained(chain([7, 48, 1]), concrete(), RAdam, pinball, lr=2e-2)),
    healthy(
        "mlp-noisy-weights",
        lambda: trained(
            nn.Sequential(Noisy(10, 64), nn.ReLU(), nn.Linear(64, 2)), customers(), Adam, lr=1e-2
        ),
    ),
    healthy("mlp-wide-and-deep", lambda: trained(Wide(), customers(), NAdam, lr=5e-3)),
    healthy("mlp-continued", continued),
    healthy("mlp-one-in-twenty-fires", selected),
    healthy("mlp-rate-up-and-down", up_and_down),
    healthy(
        "mlp-dollars-through-batch-norm",
        lambda: trained(
            nn.Sequential(nn.BatchNorm1d(10), chain([10, 48, 48, 2])), customers(is_raw=True), Adam, lr=5e-3
        ),
    ),
    healthy(
        "mlp-eight-customers-at-a-time",
        lambda: trained(chain([10, 48, 2], nn.SiLU), customers(8), NAdam, lr=2e-2),
    ),
    healthy(
        "mlp-adadelta-at-one",
        lambda: trained(chain([7, 48, 48, 1], nn.Hardswish), concrete(), Adadelta, squared_error, lr=1.0),
    ),
)
settled = ("mlp-continued",)
