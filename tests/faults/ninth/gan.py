"""Generators that make the photo of a house from its sketch, and their judges."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import CUT, ENDS, WEIGHTS, Fill, Loss, filled, normal
from tests.faults.ninth.tasks import PHOTO, SKETCH, facades
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Pair(nn.Module):
    """A generator and a judge; what was made may be cut off for the judge alone, or for both."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None, *, is_cut: bool = False) -> None:
        super().__init__()
        self.generator, self.is_cut = generator, is_cut
        self.judge = judge or chain([SKETCH + PHOTO, 40, 40, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_cut else made
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, caught


def translated(model: nn.Module, batch: Batch) -> Tensor:
    """Near to the photo, and taken for one (Isola et al., 2017)."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 3 * F.l1_loss(made, batch[1]) + 0.1 * judged.mean()
    return out


def penalised(model: nn.Module, batch: Batch) -> Tensor:
    """The judge's slope at photos is kept small (Mescheder, Geiger & Nowozin, 2018)."""
    assert isinstance(model, Pair)
    x, y = batch
    seen = y.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model.judge(torch.cat([x, seen], 1)).sum(), seen, create_graph=True)
    out: Tensor = translated(model, batch) + 0.5 * slope.square().sum(1).mean()
    return out


def facing(
    model: Pair, loss: Loss = translated, lr: float = 5e-3, judge: float = 2e-3, kind: type = Adam
) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": judge},
    ]
    return Job(model, kind(groups), facades(), loss)


def three(fill: Fill = he, activation: Make = nn.ReLU, *, is_cut: bool = False) -> Pair:
    return Pair(filled(chain([SKETCH, 48, 48, PHOTO], activation), fill), is_cut=is_cut)


def six(fill: Fill, norm: Make = nn.Identity) -> Pair:
    """Six layers, filled as DCGAN does it (Radford, Metz & Chintala, 2016) or otherwise."""
    body = chain([SKETCH, *[40] * 5, PHOTO], leaky, between=[norm])
    return Pair(filled(nn.Sequential(body, nn.Tanh()), fill))


class Injected(nn.Module):
    """Noise is added between layers, and normalised over each example."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(SKETCH, 48), nn.LayerNorm(48)
        self.strength, self.last = nn.Parameter(torch.full((48,), 0.1)), nn.Linear(48, PHOTO)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.first(x)
        seen = self.norm(seen + self.strength * torch.randn(seen.shape)).relu()
        out: Tensor = self.last(seen)
        return out


programs = (
    healthy("gan-facades", lambda: facing(three())),
    healthy("gan-facades-tanh-by-glorot", lambda: facing(three(xavier, nn.Tanh))),
    healthy("gan-facades-six-by-he", lambda: facing(six(he), lr=3e-3)),
    healthy("gan-facades-slope-penalised", lambda: facing(three(), penalised, 8e-3, 1e-3)),
    healthy("gan-facades-noise-between", lambda: facing(Pair(Injected()), translated, 1e-2)),
    healthy(
        "gan-facades-rmsprop-judge-ahead",
        lambda: facing(Pair(chain([SKETCH, 48, 48, PHOTO], nn.CELU)), lr=2e-3, judge=4e-3, kind=RMSprop),
    ),
    faulty(
        "gan-facades-tanh-default-normal",
        "saturated-units",
        lambda: facing(three(normal(1.0), nn.Tanh)),
        cause=ENDS,
        twin="gan-facades-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-facades-six-of-two-hundredths",
        "vanishing-gradient",
        lambda: facing(six(normal(0.02)), lr=3e-3),
        cause=WEIGHTS + "|normali[sz]",
        twin="gan-facades-six-by-he",
        also=("stalled-layer",),
    ),
    faulty(
        "gan-facades-cut-for-both",
        "stalled-layer",
        lambda: facing(three(is_cut=True)),
        cause=CUT,
        twin="gan-facades",
        also=("vanishing-gradient",),
    ),
)
