"""Plain layers on the sensors of turbines and the minerals of soils."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, cross_entropy, deep, he, squared_error, xavier
from tests.faults.drawn.birch.tasks import MINERALS, SENSORS, SOILS, outputs, soils, turbines
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    RATE,
    SIGMOID,
    UNDEFINED,
    Fill,
    filled,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy


def powered(fill: Fill, activation: Make = nn.ReLU) -> Job:
    """Six hidden layers that are filled in one way."""
    model = filled(chain(deep(6, 40, inputs=SENSORS, outputs=1), activation), fill)
    return trained(model, turbines(), Adam, squared_error, lr=5e-3)


class OfLogarithms:
    """The squared error of logarithms of power, of which the least may be bounded."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return F.mse_loss(model(x), y.clamp(min=self.least).log())


def logged(*, least: float = 0.2, turns: float = 0.0) -> Job:
    """Rotor speed as it is, in turns a minute, or on unit scale as the others."""

    def seen(x: Tensor) -> Tensor:
        speed = 260.0 * x[:, 1:2] + turns if turns else x[:, 1:2]
        return torch.cat([x[:, :1], speed, x[:, 2:]], 1)

    model = chain([SENSORS, 64, 32, 1], nn.Tanh)
    return trained(model, seen_through(seen, outputs()), Adam, OfLogarithms(least), lr=8e-3)


def at_random(weight: Tensor) -> None:
    nn.init.normal_(weight, std=0.3)


def one_draw(weight: Tensor) -> None:
    """Drawn with the size of one number, which `copy_` then spreads over all."""
    with torch.no_grad():
        weight.copy_(0.3 * torch.randn(1))


class Handed(nn.Module):
    """A body that was there before, and a head that is put in place of the one it came with."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(MINERALS, 64), nn.GELU(), nn.Linear(64, 48), nn.GELU())
        self.head = nn.Linear(48, 12)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(x))
        return out


def handed(*, is_head_first: bool = True, fill: Fill = at_random) -> Job:
    """The optimiser is made once the head is changed, or before."""

    def groups() -> Adam:
        slow, fast = {"params": [*model.body.parameters()], "lr": 5e-4}, [*model.head.parameters()]
        return Adam([slow, {"params": fast, "lr": 1e-2}])

    model = Handed()
    early = groups()
    model.head = nn.Linear(48, SOILS)
    filled(model, fill)
    return Job(model, groups() if is_head_first else early, soils(), cross_entropy)


# Healthy trainings that look odd


class Winners(nn.Module):
    """The greatest few of a layer pass, the others are 0 (Makhzani & Frey, 2014)."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        least = x.topk(self.count, dim=-1).values[..., -1:]
        return torch.where(x >= least, x, 0.0)


def in_quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """What lies above and below three quantiles (Koenker & Bassett, 1978)."""
    x, y = batch
    shares = torch.tensor([0.1, 0.5, 0.9])
    over = y - model(x)
    return torch.maximum(shares * over, (shares - 1) * over).sum(1).mean()


def one_by_one(model: nn.Module, batch: Batch) -> Tensor:
    """Each kind of soil is a question of its own."""
    x, y = batch
    return F.binary_cross_entropy(model(x), F.one_hot(y, SOILS).float())


class Spread(nn.Module):
    """A guess and how far off it may be."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.guess, self.off = nn.Linear(SENSORS, 64), nn.Linear(64, 1), nn.Linear(64, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        inner = torch.relu(self.body(x))
        return self.guess(inner), F.softplus(self.off(inner)) + 0.05


def likely(model: nn.Module, batch: Batch) -> Tensor:
    """Minus the likelihood, with its constant (Nix & Weigend, 1994)."""
    guess, off = model(batch[0])
    return F.gaussian_nll_loss(guess, batch[1], off.square(), full=True)


programs = (
    healthy("mlp-turbines-six-relu-by-he", lambda: powered(he)),
    healthy("mlp-turbines-logarithms-from-a-fifth", logged),
    healthy("mlp-soils-head-changed-first", handed),
    healthy(
        "mlp-soils-eight-winners-of-96",
        lambda: trained(chain([MINERALS, 96, 96, SOILS], lambda: Winners(8)), soils(), Adam, lr=6e-3),
    ),
    healthy(
        "mlp-turbines-three-quantiles",
        lambda: trained(chain([SENSORS, 64, 64, 3], nn.SiLU), turbines(), RMSprop, in_quantiles, lr=2e-3),
    ),
    healthy(
        "mlp-soils-questions-one-by-one",
        lambda: trained(
            nn.Sequential(chain([MINERALS, 64, SOILS], nn.ELU), nn.Sigmoid()),
            soils(),
            Adam,
            one_by_one,
            lr=1e-2,
        ),
    ),
    healthy("mlp-turbines-guess-and-spread", lambda: trained(Spread(), turbines(), Adam, likely, lr=5e-3)),
    faulty(
        "mlp-turbines-six-now-sigmoid",
        "vanishing-gradient",
        lambda: powered(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-turbines-six-relu-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-turbines-uniform-without-bounds",
        "exploding-activation",
        lambda: powered(nn.init.uniform_),
        cause=GROWTH,
        twin="mlp-turbines-six-relu-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units", "symmetric-units"),
    ),
    faulty(
        "mlp-turbines-logarithm-of-no-power",
        "non-finite",
        lambda: logged(least=0.0),
        cause=UNDEFINED + "|target|label",
        twin="mlp-turbines-logarithms-from-a-fifth",
    ),
    faulty(
        "mlp-turbines-turns-a-minute",
        "unscaled-input",
        lambda: logged(turns=1400.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-turbines-logarithms-from-a-fifth",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "mlp-soils-head-changed-after-optimiser",
        "stalled-layer",
        lambda: handed(is_head_first=False),
        cause=RATE + "|replaced|parameter",
        twin="mlp-soils-head-changed-first",
    ),
    faulty(
        "mlp-soils-one-draw-for-all",
        "symmetric-units",
        lambda: handed(fill=one_draw),
        cause=ALIKE,
        twin="mlp-soils-head-changed-first",
        also=("exploding-activation", "vanishing-gradient", "exploding-gradient"),
    ),
)
