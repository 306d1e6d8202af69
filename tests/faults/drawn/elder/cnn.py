"""Convolutions over pages of comics."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, Scaled, he
from tests.faults.drawn.elder.tasks import PAGES, comics
from tests.faults.eighth.making import (
    ALIKE,
    INPUT,
    RATE,
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


def pages(size: int = 10, batch: int = 28) -> list[Batch]:
    """Pages about the mean of all, as one's transforms make them."""
    return seen_through(standard, comics(size, batch))


def tower(
    layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity, width: int = 12
) -> nn.Sequential:
    """Convolutions in a row, halved once; a linear layer reads what is left."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(width if place else 1, width, 3, padding=1), norm(), activation()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(25 * width, PAGES))


def five(fill: Fill) -> Job:
    return trained(filled(tower(5), fill), pages(), Adam, lr=3e-3)


def two(fill: Fill) -> Job:
    """Two layers, of whose channels only the means over a page are read."""
    convs = [nn.Conv2d(1, 16, 3), nn.Tanh(), nn.Conv2d(16, 16, 3), nn.Tanh()]
    model = nn.Sequential(*convs, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, PAGES))
    return trained(filled(model, fill), pages(), Adam, lr=2e-2)


def three(lr: float) -> Job:
    return trained(filled(tower(3), he), pages(), Adam, lr=lr)


def divided(by: float) -> Job:
    """Pages that the loader gives between 0 and 1, divided by something more."""
    return trained(tower(3, width=16), seen_through(lambda x: x / by, comics()), Adam, lr=4e-3)


def pushed(lr: float) -> Job:
    """Descent with the momentum of a tutorial."""
    return trained(tower(2, nn.ELU), pages(), SGD, lr=lr, momentum=0.9)


def tuned(body_lr: float) -> Job:
    """A body and a head in groups of their own, each with its own rate."""
    model = filled(tower(3, nn.SiLU, width=16), normal(0.06))
    assert isinstance(model, nn.Sequential)
    groups = [
        {"params": [*model[:-1].parameters()], "lr": body_lr},
        {"params": [*model[-1].parameters()], "lr": 4e-3},
    ]
    return trained_by(groups, model)


def trained_by(groups: list[dict[str, object]], model: nn.Module) -> Job:
    job = trained(model, pages(), Adam, lr=1e-3)
    return Job(model, Adam(groups), job.batches, job.loss)


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


def softened(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1], label_smoothing=0.15)


class Torn(nn.Module):
    """Pages of which a square is blanked while one trains (DeVries & Taylor, 2017)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        row, column = torch.randint(x.shape[-1] - 2, (2, len(x), 1, 1, 1))
        at = torch.arange(x.shape[-1])
        tall = (at[:, None] >= row) & (at[:, None] < row + 3)
        return torch.where(tall & (at >= column) & (at < column + 3), 0.0, x)


def edges() -> Job:
    """Differences to the right and below, fixed on purpose, and their sizes; what follows learns."""
    fixed = nn.Conv2d(1, 2, 2, bias=False).requires_grad_(False)
    with torch.no_grad():
        fixed.weight.copy_(torch.tensor([[[[-1.0, 1.0], [-1.0, 1.0]]], [[[-1.0, -1.0], [1.0, 1.0]]]]) / 2)
    rest = [nn.Conv2d(2, 24, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(216, PAGES)]
    return trained(nn.Sequential(fixed, Scaled(0.7), *rest), pages(), Adam, lr=6e-3)


programs = (
    healthy("cnn-comics-five-by-he", lambda: five(he)),
    healthy("cnn-comics-two-by-glorot", lambda: two(nn.init.xavier_uniform_)),
    healthy("cnn-comics-three-at-a-small-rate", lambda: three(4e-3)),
    healthy("cnn-comics-divided-once", lambda: divided(1.0)),
    healthy("cnn-comics-momentum-of-a-tutorial", lambda: pushed(0.01)),
    healthy("cnn-comics-body-at-half-the-rate", lambda: tuned(2e-3)),
    healthy("cnn-comics-each-channel-alone", thin),
    healthy("cnn-comics-page-and-its-half", lambda: trained(Scales(), pages(), Adam, lr=1e-2)),
    healthy(
        "cnn-comics-labels-softened",
        lambda: trained(tower(2, nn.GELU, lambda: nn.Dropout2d(0.2)), pages(), Adam, softened, lr=5e-3),
    ),
    healthy(
        "cnn-comics-torn",
        lambda: trained(nn.Sequential(Torn(), tower(3, nn.LeakyReLU)), pages(batch=32), Adam, lr=5e-3),
    ),
    healthy("cnn-comics-edges-fixed", edges),
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
        "cnn-comics-three-at-a-rate-of-a-fifth",
        "dead-units",
        lambda: three(0.2),
        cause=DRIVEN,
        twin="cnn-comics-three-at-a-small-rate",
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
        lambda: pushed(0.5),
        cause=STEP + "|momentum",
        twin="cnn-comics-momentum-of-a-tutorial",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "cnn-comics-body-at-a-millionth",
        "stalled-layer",
        lambda: tuned(1e-7),
        cause=RATE,
        twin="cnn-comics-body-at-half-the-rate",
    ),
)
