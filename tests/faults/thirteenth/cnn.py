"""Convolutional networks that tell garments and tiles of land."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, weighted
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.thirteenth.tasks import GARMENTS, LANDS, garments, lands

WIDTH = 12


def centred(x: Tensor) -> Tensor:
    return (x - 0.35) / 0.3


def garments_about_0() -> list[Batch]:
    return seen_through(centred, garments())


def lenet(
    layers: int = 3,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    *,
    bands: int = 1,
    kinds: int = GARMENTS,
) -> nn.Sequential:
    """Convolutions of 3 x 3 with a pooling after the first, and two linear layers."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(WIDTH if place else bands, WIDTH, 3, padding=1), norm(), activation()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    rest = [nn.Linear(16 * WIDTH, 32), activation(), nn.Linear(32, kinds)]
    return nn.Sequential(*parts, nn.Flatten(), *rest)


def worn(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 3e-3, bias: float = 0.0) -> Job:
    """The last layer has biases of 0 in any case."""
    model = filled(lenet(layers, activation), fill, bias=bias)
    last = weighted(model)[-1]
    assert last.bias is not None
    nn.init.zeros_(last.bias)
    return trained(model, garments_about_0(), Adam, lr=lr)


def seen_from_above(by: float, lr: float = 4e-3) -> Job:
    """Tiles as `read_image` gives them, of 0 to 255, or over 255 and about 0."""
    batches = seen_through(lambda x: by * x if by > 1 else (x - 0.45) / 0.2, lands())
    return trained(filled(lenet(bands=3, kinds=LANDS), he), batches, Adam, lr=lr)


class Features(nn.Module):
    """A body whose features are averaged over places, and a head."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, stride=2)
        self.head, self.is_cut = nn.Linear(6, LANDS), is_cut

    def forward(self, x: Tensor) -> Tensor:
        maps = self.two(F.gelu(self.one(x)))
        pooled = maps.square().mean((2, 3))
        pooled = pooled.data if self.is_cut else pooled
        out: Tensor = self.head(10 * pooled)
        return out


def features(*, is_cut: bool) -> Job:
    batches = seen_through(lambda x: (x - 0.45) / 0.2, lands())
    return trained(Features(is_cut=is_cut), batches, Adam, lr=2e-2)


class Separable(nn.Module):
    """Filters of one channel each, then of one place each (Howard et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, 16, 3, stride=2)
        self.deep = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1, groups=16) for _ in range(2))
        self.point = nn.ModuleList(nn.Conv2d(16, 16, 1) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(16) for _ in range(4))
        self.act, self.last = nn.ReLU6(), nn.Linear(16 * 9, GARMENTS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.enter(x))
        for place in range(2):
            x = self.act(self.norms[2 * place](self.deep[place](x)))
            x = self.act(self.norms[2 * place + 1](self.point[place](x)))
        out: Tensor = self.last(x.flatten(1))
        return out


class Attended(nn.Module):
    """Places are weighed by a sigmoid of one channel (Woo et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 16, 3, stride=2), nn.Conv2d(16, 16, 3, padding=1)
        self.ask, self.gate = nn.Conv2d(2, 1, 3, padding=1), nn.Sigmoid()
        self.act, self.last = nn.ReLU(), nn.Linear(16 * 9, GARMENTS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.act(self.two(self.act(self.one(x))))
        both = torch.cat([seen.mean(1, keepdim=True), seen.amax(1, keepdim=True)], 1)
        out: Tensor = self.last((seen * self.gate(self.ask(both))).flatten(1))
        return out


def tuned() -> Job:
    """Fine-tuning: two convolutions, already good at garments, are fixed; the linear layers are new."""
    model, batches = lenet(2, nn.ReLU), garments_about_0()
    before = Adam(model.parameters(), lr=4e-3)
    for x, y in batches[::-1][:40]:
        before.zero_grad()
        F.cross_entropy(model(x), (y + 1) % GARMENTS).backward()  # type: ignore[no-untyped-call]
        before.step()
    for layer in weighted(model)[:2]:
        layer.requires_grad_(False)
    model[-3], model[-1] = nn.Linear(16 * WIDTH, 32), nn.Linear(32, GARMENTS)
    return trained(model, batches, AdamW, lr=3e-3)


def few_at_a_time() -> Job:
    batches = [(x[:8], y[:8]) for x, y in garments_about_0()]
    return trained(lenet(2, norm=lambda: nn.GroupNorm(3, WIDTH)), batches, Adam, lr=4e-3)


programs = (
    healthy("cnn-garments-five-by-he", lambda: worn(5, he)),
    healthy("cnn-lands-over-255", lambda: seen_from_above(1.0)),
    healthy("cnn-lands-features-learn", lambda: features(is_cut=False)),
    healthy("cnn-garments-separable", lambda: trained(Separable(), garments_about_0(), SGD, lr=0.1)),
    healthy("cnn-garments-places-weighed", lambda: trained(Attended(), garments_about_0(), Adam, lr=8e-3)),
    healthy("cnn-garments-tuned-head", tuned),
    healthy("cnn-garments-eight-at-a-time", few_at_a_time),
    faulty(
        "cnn-garments-five-sigmoids",
        "vanishing-gradient",
        lambda: worn(5, he, nn.Sigmoid),
        cause=SIGMOID,
        twin="cnn-garments-five-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "cnn-garments-five-by-normal",
        "exploding-activation",
        lambda: worn(5, normal(1.0)),
        cause=GROWTH,
        twin="cnn-garments-five-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-garments-five-of-a-hundredth-each",
        "symmetric-units",
        lambda: worn(5, constant(0.01)),
        cause=ALIKE,
        twin="cnn-garments-five-by-he",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-garments-adam-at-a-tenth",
        "dead-units",
        lambda: worn(5, he, lr=0.1),
        cause=DRIVEN,
        twin="cnn-garments-five-by-he",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-garments-five-biases-of-minus-four",
        "dead-units",
        lambda: worn(5, he, bias=-4.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="cnn-garments-five-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-lands-as-read-image",
        "unscaled-input",
        lambda: seen_from_above(255.0),
        cause=INPUT + "|scale",
        twin="cnn-lands-over-255",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "cnn-lands-features-by-data",
        "stalled-layer",
        lambda: features(is_cut=True),
        cause=CUT,
        twin="cnn-lands-features-learn",
        also=("vanishing-gradient",),
    ),
    faulty(
        "cnn-lands-rate-of-descent-for-adam",
        "unstable-updates",
        lambda: seen_from_above(1.0, lr=0.1),
        cause=STEP,
        twin="cnn-lands-over-255",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
