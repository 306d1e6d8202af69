"""Caps found in pictures, gaps as mixtures, atoms that are bound, a card as a field, values of a race."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he, squared_error
from tests.faults.drawn.cedar.tasks import caps, lattices, misread, races, shades
from tests.faults.eighth.making import GROWTH, UNDEFINED, filled, trained, weighted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, by_logits

PARTS = 3


def found(*, is_everywhere: bool) -> Job:
    """Caps are rare: the last bias says so at first (Lin et al., 2017), or each one does."""
    model = nn.Sequential(
        nn.Conv2d(1, 10, 3, padding=1), nn.ReLU(), nn.Conv2d(10, 10, 3, padding=1), nn.ReLU(),
        nn.Conv2d(10, 10, 3, padding=1), nn.ReLU(), nn.Conv2d(10, 1, 1),
    )  # fmt: skip
    filled(model, he)
    prior = -math.log(1 / 0.05 - 1)
    layers = weighted(model)
    for layer in layers if is_everywhere else layers[-1:]:
        assert layer.bias is not None
        nn.init.constant_(layer.bias, prior)
    return trained(model, caps(), Adam, by_logits, lr=5e-3)


def logs(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The logarithm of each part's share, and of its density at the target (Bishop, 1994).

    Parts start narrow, so that they part.
    """
    x, y = batch
    share, middle, log = model(x).chunk(3, 1)
    log = log - 1
    far = (y - middle) / log.exp()
    return share.log_softmax(1), -0.5 * far.square() - log - 0.5 * math.log(2 * math.pi)


def by_densities(model: nn.Module, batch: Batch) -> Tensor:
    share, density = logs(model, batch)
    return -(share.exp() * density.exp()).sum(1).log().mean()


def by_logarithms(model: nn.Module, batch: Batch) -> Tensor:
    share, density = logs(model, batch)
    return -(share + density).logsumexp(1).mean()


def mixture(*, is_log: bool) -> Job:
    model = chain([8, 48, 48, 3 * PARTS], nn.SiLU)
    return trained(model, misread(), Adam, by_logarithms if is_log else by_densities, lr=1e-2)


class Lattice(nn.Module):
    """Atoms hear those they are bound to, over the roots of how many each has, or as they are."""

    def __init__(self, *, is_over: bool) -> None:
        super().__init__()
        sizes = [3, 24, 24, 24, 24, 24]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.acts = nn.ModuleList(nn.LeakyReLU(0.1) for _ in self.steps)
        self.last, self.is_over = nn.Linear(24, 1), is_over
        filled(self, he)

    def forward(self, x: Tensor, bound: Tensor) -> Tensor:
        near = bound + torch.eye(bound.shape[-1])
        root = near.sum(-1).rsqrt()
        near = root[..., None] * near * root[..., None, :] if self.is_over else near
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(near @ x))
        out: Tensor = self.last(x.mean(1))
        return out


def energy(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def lattice(*, is_over: bool) -> Job:
    return trained(Lattice(is_over=is_over), lattices(), Adam, energy, lr=4e-3)


# Healthy trainings that look odd


class Sines(nn.Module):
    """Layers of sines, the first of a high frequency (Sitzmann et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 48), nn.Linear(48, 48)])
        self.last = nn.Linear(48, 1)
        nn.init.uniform_(self.layers[0].weight, -0.5, 0.5)  # type: ignore[arg-type]
        for layer in (self.layers[1], self.last):
            nn.init.uniform_(layer.weight, -((6 / 48) ** 0.5) / 15, (6 / 48) ** 0.5 / 15)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(15 * layer(x))
        out: Tensor = self.last(15 * x)
        return out


class Raced(nn.Module):
    """What each of three paces is worth, and a slow copy that says what comes after (Mnih et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.slow = chain([4, 48, 48, 3]), chain([4, 48, 48, 3]).requires_grad_(False)
        self.slow.load_state_dict(self.now.state_dict())

    def forward(self, x: Tensor, later: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.now.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            best = self.now(later).argmax(1, keepdim=True)  # of which the copy says the worth
            after = self.slow(later).gather(1, best)
        return self.now(x), after


def surprise(model: nn.Module, batch: Batch) -> Tensor:
    x, later, pace, won = batch
    worth, after = model(x, later)
    return F.smooth_l1_loss(worth.gather(1, pace), won + 0.5 * after)


programs = (
    healthy("segmentation-caps-last-bias-rare", lambda: found(is_everywhere=False)),
    healthy("mixture-crystals-by-logarithms", lambda: mixture(is_log=True)),
    healthy("graph-lattices-over-roots", lambda: lattice(is_over=True)),
    healthy("field-postcard-of-sines", lambda: trained(Sines(), shades(), Adam, squared_error, lr=1e-3)),
    healthy("values-races-slow-copy", lambda: trained(Raced(), races(), Adam, surprise, lr=4e-3)),
    faulty(
        "segmentation-caps-each-bias-rare",
        "dead-units",
        lambda: found(is_everywhere=True),
        cause=DRIVEN + "|initiali[sz]|negative",
        twin="segmentation-caps-last-bias-rare",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mixture-crystals-by-densities",
        "non-finite",
        lambda: mixture(is_log=False),
        cause=UNDEFINED + "|density|logsumexp",
        twin="mixture-crystals-by-logarithms",
    ),
    faulty(
        "graph-lattices-as-they-are-bound",
        "exploding-activation",
        lambda: lattice(is_over=False),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat|adjacen",
        twin="graph-lattices-over-roots",
        also=("exploding-gradient", "unstable-updates"),
    ),
)
