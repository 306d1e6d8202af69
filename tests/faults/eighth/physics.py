"""Networks that obey an equation: a rod that is heated, a tank that runs empty, and waves."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import chain, squared_error, xavier
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    UNDEFINED,
    Fill,
    Loss,
    filled,
    normal,
    trained,
    weighted,
)
from tests.faults.eighth.tasks import rod, tank
from tests.faults.program import Batch, Job, faulty, healthy


def slope(of: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(of.sum(), x, create_graph=True)[0]


def curved(model: nn.Module, batch: Batch) -> Tensor:
    """What was measured, and how heat curves where a known source is: u'' = -4 sin 2x."""
    x, y = batch
    at = x.clone().requires_grad_(True)
    made = model(at)
    off = slope(slope(made, at), at) + 4 * torch.sin(2 * x)
    return (made - y).square().mean() + 0.02 * off.square().mean()


def heated(fill: Fill, activation: type[nn.Module] = nn.Tanh, loss: Loss = curved, lr: float = 1e-2) -> Job:
    model = filled(chain([1, 32, 32, 32, 1], activation), fill)
    return trained(model, rod(), Adam, loss, lr=lr)


def placed(by: float) -> Job:
    """Places in tenths of millimetres, or on unit scale; nothing but what was measured."""
    model = chain([1, 48, 48, 1], nn.Tanh)
    return trained(model, rod(by=by), AdamW, squared_error, lr=1e-2)


class Sine(nn.Module):
    def __init__(self, pitch: float) -> None:
        super().__init__()
        self.pitch = pitch

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.pitch * x)


def waves(pitch: float, over: float) -> Job:
    """Sines of a pitch, and weights over it (Sitzmann et al., 2020), or as if there were none."""
    parts: list[nn.Module] = [nn.Linear(1, 48), Sine(2.0)]
    for _ in range(4):
        parts += [nn.Linear(48, 48), Sine(pitch)]
    model = nn.Sequential(*parts, nn.Linear(48, 1))
    for layer in weighted(model)[1:]:
        bound = (6 / 48) ** 0.5 / over
        nn.init.uniform_(layer.weight, -bound, bound)
    nn.init.uniform_(weighted(model)[-1].weight, -0.1, 0.1)
    return trained(model, rod(), Adam, squared_error, lr=1e-3)


def emptied(least: float | None) -> Loss:
    """What was measured, and Torricelli's law: a height falls by its own root."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        t, y = batch
        at = t.clone().requires_grad_(True)
        made = model(at)
        height = made if least is None else made.clamp(min=least)
        off = slope(made, at) + height.sqrt()
        return (made - y).square().mean() + 0.1 * off.square().mean()

    return loss


def run_empty(least: float | None) -> Job:
    return trained(chain([1, 32, 32, 1], nn.Tanh), tank(), Adam, emptied(least), lr=1e-2)


class Found(nn.Module):
    """How strong the source is, is to be found too (Raissi et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.strength = chain([1, 32, 32, 1], nn.Tanh), nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out


def sought(model: nn.Module, batch: Batch) -> Tensor:
    assert isinstance(model, Found)
    x, y = batch
    at = x.clone().requires_grad_(True)
    made = model(at)
    off = slope(slope(made, at), at) + model.strength * torch.sin(2 * x)
    return (made - y).square().mean() + 0.02 * off.square().mean()


class Steep(nn.Module):
    """Tanh of a steepness that is learned (Jagtap, Kawaguchi & Karniadakis, 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.steep = nn.Parameter(torch.tensor(0.2))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(5 * self.steep * x)


def held(model: nn.Module, batch: Batch) -> Tensor:
    """Made to be 0 in the middle by what it is multiplied by, and drawn to what was measured."""
    x, y = batch
    out: Tensor = (model(x) * torch.tanh(x) - y).square().mean()
    return out


programs = (
    healthy("physics-rod-by-glorot", lambda: heated(xavier)),
    healthy("physics-places-on-scale", lambda: placed(1.0)),
    healthy("physics-waves-over-pitch", lambda: waves(15.0, 15.0)),
    healthy("physics-roots-above-0", lambda: run_empty(1e-3)),
    healthy("physics-source-sought", lambda: trained(Found(), rod(), Adam, sought, lr=1e-2)),
    healthy("physics-steepness-learned", lambda: heated(xavier, Steep)),
    healthy("physics-middle-held", lambda: heated(xavier, nn.SiLU, held)),
    faulty(
        "physics-rod-of-twos",
        "saturated-units",
        lambda: heated(normal(2.0)),
        cause=ENDS,
        twin="physics-rod-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "physics-places-in-tenths",
        "unscaled-input",
        lambda: placed(1e4),
        cause=INPUT,
        twin="physics-places-on-scale",
        also=("saturated-units", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "physics-waves-as-if-flat",
        "exploding-gradient",
        lambda: waves(15.0, 1.0),
        cause=GROWTH + "|slope|pitch|frequen|sin",
        twin="physics-waves-over-pitch",
    ),
    faulty(
        "physics-roots-below-0",
        "non-finite",
        lambda: run_empty(None),
        cause=UNDEFINED + "|negative",
        twin="physics-roots-above-0",
    ),
)
