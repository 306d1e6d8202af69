"""Generators that make the genes, the pictures or the captions that go with something, and their judges."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import GROWTH, SIGMOID, STEP, Fill, Loss, filled
from tests.faults.eighth.tasks import captions
from tests.faults.program import Batch, Job, faulty, healthy

SEEN, SAID = 24, 16


class Pair(nn.Module):
    """A generator of captions, and a judge that sees pictures and captions together."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.judge = judge or chain([SEEN + SAID, 48, 48, 1], lambda: nn.LeakyReLU(0.2))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, caught


def guided(model: nn.Module, batch: Batch) -> Tensor:
    """What is made is to be near, and to pass for real (Isola et al., 2017)."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = F.mse_loss(made, batch[1]) + 0.05 * judged.mean()
    return out


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Judged by squares (Mao et al., 2017)."""
    made, real, fake, caught = model(*batch)
    judged = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = F.l1_loss(made, batch[1]) + 0.1 * judged.mean()
    return out


def paired(
    model: Pair,
    loss: Loss = guided,
    lr: float = 5e-3,
    judge: float = 2e-3,
    kind: type = Adam,
    **settings: object,
) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": judge},
    ]
    return Job(model, kind(groups, **settings), captions(), loss)


def tower(fill: Fill, activation: Make = nn.ReLU, layers: int = 6, lr: float = 3e-3) -> Job:
    generator = chain([SEEN, *[40] * layers, SAID], activation)
    return paired(Pair(filled(generator, fill)), lr=lr)


def shallow() -> Job:
    return paired(Pair(filled(chain([SEEN, 40, 40, SAID], nn.Softplus), xavier)), squares, 1e-2)


def smooth(lr: float) -> Job:
    return paired(Pair(chain([SEEN, 48, 48, SAID], nn.ELU)), lr=lr, kind=RMSprop, alpha=0.9)


class Normal(nn.Module):
    """Normalised over the batch between layers, with noise beside what is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(SEEN + 4, 48), nn.BatchNorm1d(48), nn.Linear(48, SAID)

    def forward(self, x: Tensor) -> Tensor:
        noise = 0.3 * torch.randn(len(x), 4)
        out: Tensor = self.last(self.norm(self.first(torch.cat([x, noise], 1))).relu())
        return out


def bounded_judge() -> Job:
    """Layers of the judge are divided by their largest singular value (Miyato et al., 2018)."""
    parts = [
        nn.utils.parametrizations.spectral_norm(nn.Linear(i, o)) for i, o in ((40, 48), (48, 48), (48, 1))
    ]
    judge = nn.Sequential(parts[0], nn.LeakyReLU(0.2), parts[1], nn.LeakyReLU(0.2), parts[2])
    return paired(Pair(chain([SEEN, 48, SAID], nn.SiLU), judge), hinged)


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    judged = F.relu(1 - real).mean() + F.relu(1 + fake).mean() - 0.1 * caught.mean()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.1 * judged
    return out


programs = (
    healthy("gan-captions-by-he", lambda: tower(he)),
    healthy("gan-captions-tanh", lambda: tower(xavier, nn.Tanh, 6)),
    healthy("gan-captions-softplus", shallow),
    healthy("gan-captions-slowly", lambda: smooth(2e-3)),
    healthy("gan-captions-with-noise", lambda: paired(Pair(Normal()), squares, 1e-2)),
    healthy("gan-captions-judge-bounded", bounded_judge),
    faulty(
        "gan-captions-by-four-he",
        "exploding-gradient",
        lambda: tower(lambda w: he(w, 4.0)),
        cause=GROWTH + "|gain",
        twin="gan-captions-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-captions-sigmoid",
        "vanishing-gradient",
        lambda: tower(xavier, nn.Sigmoid, 6),
        cause=SIGMOID,
        twin="gan-captions-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "gan-captions-in-great-steps",
        "unstable-updates",
        lambda: smooth(0.06),
        cause=STEP,
        twin="gan-captions-slowly",
        also=("exploding-activation", "exploding-gradient", "dead-units"),
    ),
)
