"""Crystals as graphs of sites, landers that are steered, and steps of noise that are taken back."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import ENDS, GROWTH, INPUT, Fill, filled, normal, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.twelfth.tasks import BEAT, ELEMENTS, SITES, beats, crystals, landings

WIDTH = 24


class Crystal(nn.Module):
    """Sites hear the sum or the mean of those near them, layer by layer; the mean of all is read."""

    def __init__(self, layers: int, activation: Make = nn.ReLU, *, is_mean: bool = True) -> None:
        super().__init__()
        sizes = [ELEMENTS, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.acts = nn.ModuleList(activation() for _ in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, 1), is_mean
        filled(self, he)

    def forward(self, x: Tensor, near: Tensor) -> Tensor:
        near = near + torch.eye(SITES)
        near = near / near.sum(-1, keepdim=True) if self.is_mean else near
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x))
        out: Tensor = 3 * self.last(x.mean(1))
        return out


def gapped(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = (model(batch[0], batch[1]) - batch[2]).square().mean()
    return out


def crystal(model: nn.Module, lr: float = 5e-3, kind: type = Adam) -> Job:
    return trained(model, crystals(), kind, gapped, lr=lr)


def imitated(model: nn.Module, batch: Batch) -> Tensor:
    """What went well is done again."""
    x, done, went = batch
    weight = (2 * went).exp()
    out: Tensor = (weight * F.cross_entropy(model(x), done, reduction="none")).sum() / weight.sum()
    return out


def steered(fill: Fill, by: float = 1.0) -> Job:
    batches = seen_through(lambda x: by * x, landings())
    model = filled(chain([6, 48, 48, 4], nn.Tanh), fill)
    return trained(model, batches, Adam, imitated, lr=6e-3)


class Denoiser(nn.Module):
    """Noisy beats and how noisy they are, modulated; the noise is to be told (Ho, Jain & Abbeel, 2020)."""

    def __init__(self, activation: Make = nn.SiLU) -> None:
        super().__init__()
        self.enter, self.time = nn.Linear(BEAT, 64), nn.Linear(1, 128)
        self.rest, self.act = chain([64, 64, BEAT], activation), activation()

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        scale, shift = self.time(share).chunk(2, 1)
        out: Tensor = self.rest(self.act((1 + scale) * self.enter(x) + shift))
        return out


def noise_told(model: nn.Module, batch: Batch) -> Tensor:
    y = batch[1]
    share, noise = torch.rand(len(y), 1), torch.randn(y.shape)
    seen = (1 - share).sqrt() * y + share.sqrt() * noise
    return F.mse_loss(model(seen, 2 * share - 1), noise)


def denoised(lr: float, model: nn.Module | None = None) -> Job:
    return trained(model or Denoiser(), beats(), Adam, noise_told, lr=lr)


programs = (
    healthy("graph-crystals-five-means", lambda: crystal(Crystal(5), 3e-3)),
    healthy("policy-landings-imitated", lambda: steered(xavier)),
    healthy("denoiser-beats-noise-told", lambda: denoised(5e-3)),
    faulty(
        "graph-crystals-five-sums",
        "exploding-activation",
        lambda: crystal(Crystal(5, is_mean=False), 3e-3),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-crystals-five-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "policy-landings-saturated",
        "saturated-units",
        lambda: steered(normal(2.0)),
        cause=ENDS,
        twin="policy-landings-imitated",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "policy-landings-in-centimetres",
        "unscaled-input",
        lambda: steered(xavier, by=300.0),
        cause=INPUT + "|scale",
        twin="policy-landings-imitated",
        also=("saturated-units", "vanishing-gradient"),
    ),
)
