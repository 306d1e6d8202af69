"""Convolutions over postcards: layers drawn as in other frameworks, grey values as they come."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import he
from tests.faults.drawn.cedar.tasks import MOTIFS, postcards, scaled
from tests.faults.eighth.making import GROWTH, INPUT, WEIGHTS, Fill, filled, normal, seen_through, trained
from tests.faults.program import Job, faulty, healthy


def six(fill: Fill) -> Job:
    """Six convolutions of 3 x 3 without norms, the first of stride 2, and the mean over places."""
    parts: list[nn.Module] = []
    for place in range(6):
        inside, stride = (12, 1) if place else (1, 2)
        parts += [nn.Conv2d(inside, 12, 3, stride=stride, padding=1), nn.ReLU()]
    model = filled(nn.Sequential(*parts, nn.Flatten(), nn.Linear(300, MOTIFS)), fill)
    return trained(model, seen_through(scaled, postcards()), Adam, lr=3e-3)


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 10, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(10, 16, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, MOTIFS),
    )  # fmt: skip


def greyed(unit: float, mean: float = 0.0) -> Job:
    """Grey values less a mean and over a unit; descent with momentum."""
    return trained(
        small(), seen_through(lambda x: (x - mean) / unit, postcards()), SGD, lr=0.05, momentum=0.9
    )


# Healthy trainings that look odd


class Apart(nn.Module):
    """A filter for each channel, then a mix of channels (Howard et al., 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.each = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.mix, self.norm = nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.hardswish(self.norm(self.mix(self.each(x))))


def apart() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2), nn.BatchNorm2d(16), nn.Hardswish(), Apart(16), Apart(16),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, MOTIFS),
    )  # fmt: skip
    return trained(model, seen_through(scaled, postcards()), RMSprop, lr=2e-3)


class Edges(nn.Module):
    """Fixed filters that find edges, then layers that learn what they mean."""

    def __init__(self) -> None:
        super().__init__()
        slope = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4
        flat = torch.full((3, 3), 1 / 9)
        self.fixed = nn.Conv2d(1, 3, 3, bias=False).requires_grad_(False)
        self.fixed.weight.data = torch.stack([slope, slope.T, flat])[:, None]
        self.inner, self.last = nn.Conv2d(6, 16, 3, stride=2), nn.Linear(144, MOTIFS)

    def forward(self, x: Tensor) -> Tensor:
        found = self.fixed(x)
        out: Tensor = self.last(self.inner(torch.cat([found.relu(), (-found).relu()], 1)).relu().flatten(1))
        return out


class Standardised(nn.Conv2d):
    """Filters that are standardised before each use (Qiao et al., 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        std, mean = torch.std_mean(self.weight, (1, 2, 3), keepdim=True)
        return F.conv2d(x, (self.weight - mean) / (std + 1e-5) / 3, self.bias, padding=1)


def standardised() -> Job:
    model = nn.Sequential(
        nn.AvgPool2d(2), Standardised(1, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(), Standardised(16, 16, 3),
        nn.GroupNorm(4, 16), nn.ReLU(), nn.Flatten(), nn.Linear(400, MOTIFS),
    )  # fmt: skip
    return trained(model, seen_through(scaled, postcards()), SGD, lr=0.01, momentum=0.9, weight_decay=5e-4)


programs = (
    healthy("cnn-postcards-six-by-he", lambda: six(he)),
    healthy("cnn-postcards-greys-standardised", lambda: greyed(50.0, 97.0)),
    healthy("cnn-postcards-channels-apart", apart),
    healthy(
        "cnn-postcards-edges-fixed",
        lambda: trained(Edges(), seen_through(scaled, postcards()), AdamW, lr=6e-3),
    ),
    healthy("cnn-postcards-filters-standardised", standardised),
    faulty(
        "cnn-postcards-six-of-a-hundredth",
        "vanishing-gradient",
        lambda: six(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-postcards-six-by-he",
        also=("stalled-layer", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-postcards-six-of-a-half",
        "exploding-activation",
        lambda: six(normal(0.5)),
        cause=GROWTH,
        twin="cnn-postcards-six-by-he",
        also=("exploding-gradient", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-postcards-greys-of-255",
        "unscaled-input",
        lambda: greyed(1.0),
        cause=INPUT + "|scale|pixel",
        twin="cnn-postcards-greys-standardised",
        also=("dead-units", "exploding-activation", "exploding-gradient", "unstable-updates", "non-finite"),
    ),
    faulty(
        "cnn-postcards-greys-divided-twice",
        "unscaled-input",
        lambda: greyed(255.0**2),
        cause=INPUT + "|scale|pixel",
        twin="cnn-postcards-greys-standardised",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
)
