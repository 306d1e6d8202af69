"""Convolutions over pages of comics."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he
from tests.faults.drawn.elder.tasks import PAGES, comics
from tests.faults.eighth.making import (
    ALIKE,
    INPUT,
    STEP,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def standard(x: Tensor) -> Tensor:
    return 4 * (x - 0.4)


def pages(batch: int = 28) -> list[Batch]:
    """Pages about the mean of all, as one's transforms make them."""
    return seen_through(standard, comics(batch))


def tower(layers: int, activation: Make = nn.ReLU) -> nn.Sequential:
    """Convolutions in a row, halved once; a linear layer reads what is left."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(12 if place else 1, 12, 3, padding=1), activation()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(25 * 12, PAGES))


def five(fill: Fill, lr: float = 3e-3) -> Job:
    return trained(filled(tower(5), fill), pages(), Adam, lr=lr)


def two(fill: Fill) -> Job:
    """Two layers, of whose channels only the means over a page are read."""
    convs = [nn.Conv2d(1, 16, 3), nn.Tanh(), nn.Conv2d(16, 16, 3), nn.Tanh()]
    model = nn.Sequential(*convs, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, PAGES))
    return trained(filled(model, fill), pages(), Adam, lr=2e-2)


def divided(by: float, lr: float = 0.02) -> Job:
    """Pages that the loader gives between 0 and 1, divided by something more; momentum as in a tutorial."""
    batches = seen_through(lambda x: x / by, comics())
    return trained(filled(tower(2, nn.ELU), he), batches, SGD, lr=lr, momentum=0.9)


# Healthy trainings that look odd


def thin() -> Job:
    """Each channel is convolved alone, then all are mixed at each pixel (Howard et al., 2017)."""
    parts: list[nn.Module] = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU6()]
    for stride in (2, 1):
        parts += [nn.Conv2d(16, 16, 3, stride, 1, groups=16, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
        parts += [nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
    return trained(nn.Sequential(*parts, nn.Flatten(), nn.Linear(400, PAGES)), pages(), AdamW, lr=4e-3)


class Scales(nn.Module):
    """One and the same tower of convolutions over a page and over its half."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.last = nn.Linear(16 * 8, PAGES)

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for page in (x, F.avg_pool2d(x, 2)):
            inner = F.relu(self.second(F.relu(self.first(page))))
            seen.append(F.adaptive_max_pool2d(inner, 2).flatten(1))
        out: Tensor = self.last(torch.cat(seen, 1))
        return out


class Torn(nn.Module):
    """Pages of which a square is blanked while one trains (DeVries & Taylor, 2017)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        row, column = torch.randint(x.shape[-1] - 2, (2, len(x), 1, 1, 1))
        at = torch.arange(x.shape[-1])
        tall = (at[:, None] >= row) & (at[:, None] < row + 3)
        return torch.where(tall & (at >= column) & (at < column + 3), 0.0, x)


programs = (
    healthy("cnn-comics-five-by-he", lambda: five(he)),
    healthy("cnn-comics-two-by-glorot", lambda: two(nn.init.xavier_uniform_)),
    healthy("cnn-comics-divided-once", lambda: divided(1.0)),
    healthy("cnn-comics-each-channel-alone", thin),
    healthy("cnn-comics-page-and-its-half", lambda: trained(Scales(), pages(), Adam, lr=1e-2)),
    healthy(
        "cnn-comics-torn",
        lambda: trained(nn.Sequential(Torn(), tower(3, nn.LeakyReLU)), pages(batch=32), Adam, lr=5e-3),
    ),
    faulty(
        "cnn-comics-five-of-a-hundredth",
        "vanishing-gradient",
        lambda: five(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-comics-five-by-he",
        also=("stalled-layer", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-comics-two-of-a-twentieth-each",
        "symmetric-units",
        lambda: two(constant(0.05)),
        cause=ALIKE,
        twin="cnn-comics-two-by-glorot",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "cnn-comics-five-at-a-rate-of-a-fifth",
        "dead-units",
        lambda: five(he, 0.2),
        cause=DRIVEN,
        twin="cnn-comics-five-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-comics-divided-twice",
        "unscaled-input",
        lambda: divided(255.0),
        cause=INPUT + "|scale",
        twin="cnn-comics-divided-once",
        also=("exploding-activation", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-comics-momentum-and-a-rate-of-a-half",
        "unstable-updates",
        lambda: divided(1.0, 0.5),
        cause=STEP + "|momentum",
        twin="cnn-comics-divided-once",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
)
