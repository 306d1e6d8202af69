"""Convolutional networks that tell signs and land, and that mark roads."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, xavier
from tests.faults.eighth.making import (
    CUT,
    DATA,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, by_logits
from tests.faults.tenth.tasks import SIGNS, roads, signs, tiles


def seeing(
    layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity, *, bands: int = 3, width: int = 12
) -> nn.Sequential:
    """Convolutions of 3 x 3, one pooling, a layer of all places."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(width if place else bands, width, 3, padding=1), norm(), activation()]
        parts += [nn.AvgPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, SIGNS))


def divided(by: float) -> Job:
    """Pixels of 0 to 1 are divided by 255, as if they were bytes."""
    batches = seen_through(lambda x: (0.5 + x / 4).clamp(0, 1) / by, signs())
    return trained(filled(seeing(3), he), batches, Adam, lr=1.5e-2)


def reflected(*, is_scaled: bool) -> Job:
    """Sixteen bits of a satellite, ten thousand for white; or about 0 on unit scale."""
    batches = seen_through(lambda x: x if is_scaled else (3000 + 900 * x).round().clamp(min=0), tiles())
    return trained(filled(seeing(2, bands=4), he), batches, Adam, lr=8e-3)


def deep(fill: Fill, activation: Make = nn.ReLU, layers: int = 6) -> Job:
    return trained(filled(seeing(layers, activation), fill), signs(), Adam, lr=6e-3)


def lenet(activation: Make) -> Job:
    """Two convolutions and three layers (LeCun et al., 1998)."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), activation(), nn.AvgPool2d(2), nn.Conv2d(8, 16, 3), activation(),
        nn.Flatten(), nn.Linear(144, 48), activation(), nn.Linear(48, 32), activation(), nn.Linear(32, SIGNS),
    )  # fmt: skip
    return trained(filled(model, xavier), signs(), SGD, lr=0.05, momentum=0.9)


def quickly(lr: float) -> Job:
    return trained(filled(seeing(3), he), signs(), SGD, lr=lr, momentum=0.9)


def by_channel(least: float) -> Job:
    """Channels are standardised over the batch; the fourth, of what is seen through, is 1 everywhere."""

    def standard(x: Tensor) -> Tensor:
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
        mean, deviation = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
        return (x - mean) / (deviation + least)

    return trained(seeing(2, nn.ELU, bands=4), seen_through(standard, signs()), Adam, lr=2e-2)


class Featured(nn.Module):
    """A body, from which no gradient comes back if it is run as it was when only the head was trained."""

    def __init__(self, *, is_held: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 3, 3, padding=1), nn.Tanh(), nn.Conv2d(3, 3, 3), nn.Tanh(), nn.AvgPool2d(4)
        )
        self.head, self.is_held = nn.Linear(12, SIGNS), is_held

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_held):
            features = self.body(x).flatten(1)
        out: Tensor = self.head(features)
        return out


def featured(*, is_held: bool) -> Job:
    return trained(Featured(is_held=is_held), signs(), Adam, lr=2e-2)


def dropped() -> Job:
    model = seeing(3, nn.SiLU)
    model.insert(4, nn.Dropout2d(0.2))
    return trained(filled(model, he), signs(), AdamW, lr=1e-2)


def grouped() -> Job:
    return trained(seeing(3, nn.ReLU, lambda: nn.GroupNorm(3, 12)), signs(), SGD, lr=0.2)


def tuned() -> Job:
    """The first filters are kept, the others learn on."""
    model = filled(seeing(3, nn.LeakyReLU), he)
    model[0].requires_grad_(False)  # type: ignore[index]
    return trained(model, tiles_of_three(), Adam, lr=5e-3)


def tiles_of_three() -> list[Batch]:
    return seen_through(lambda x: x[:, :3], tiles())


class Marker(nn.Module):
    """Down, up, and across (Ronneberger et al., 2015), with the logit of each pixel."""

    def __init__(self, last: float = 0.0) -> None:
        super().__init__()
        self.down, self.low = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.up, self.last = nn.Conv2d(20, 12, 3, padding=1), nn.Conv2d(12, 1, 1)
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(3))
        nn.init.constant_(self.last.bias, last)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        fine = self.acts[0](self.down(x))
        coarse = F.interpolate(self.acts[1](self.low(F.max_pool2d(fine, 2))), scale_factor=2.0)
        out: Tensor = self.last(self.acts[2](self.up(torch.cat([fine, coarse], 1))))
        return out


def marked(by: float = 1.0, offset: float = 0.0) -> Job:
    batches = seen_through(lambda x: by * x + offset, roads())
    return trained(Marker(), batches, Adam, by_logits, lr=1e-2)


def descended(lr: float) -> Job:
    return trained(Marker(), roads(), SGD, by_logits, lr=lr, momentum=0.9)


programs = (
    healthy("cnn-signs-divided-once", lambda: divided(1.0)),
    healthy("cnn-reflectance-on-scale", lambda: reflected(is_scaled=True)),
    healthy("cnn-signs-six-by-he", lambda: deep(he)),
    healthy("cnn-signs-five-tanh-by-glorot", lambda: deep(xavier, nn.Tanh, 5)),
    healthy("cnn-lenet-relu", lambda: lenet(nn.ReLU)),
    healthy("cnn-signs-at-a-twenty-fifth", lambda: quickly(0.04)),
    healthy("cnn-channels-over-a-bit-more", lambda: by_channel(1e-2)),
    healthy("cnn-body-with-gradient", lambda: featured(is_held=False)),
    healthy("cnn-channels-dropped", dropped),
    healthy("cnn-normalised-by-group", grouped),
    healthy("cnn-first-filters-kept", tuned),
    healthy("segment-roads-on-scale", marked),
    healthy("segment-roads-at-a-tenth", lambda: descended(0.1)),
    faulty(
        "cnn-signs-divided-twice",
        "unscaled-input",
        lambda: divided(255.0),
        cause=INPUT,
        twin="cnn-signs-divided-once",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-reflectance-in-16-bits",
        "unscaled-input",
        lambda: reflected(is_scaled=False),
        cause=INPUT,
        twin="cnn-reflectance-on-scale",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "cnn-signs-six-of-a-hundredth",
        "vanishing-gradient",
        lambda: deep(normal(0.01)),
        cause=WEIGHTS,
        twin="cnn-signs-six-by-he",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-signs-six-of-unit-normals",
        "exploding-activation",
        lambda: deep(normal(1.0)),
        cause=GROWTH,
        twin="cnn-signs-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-signs-five-tanh-of-unit-normals",
        "saturated-units",
        lambda: deep(normal(1.0), nn.Tanh, 5),
        cause=SIGMOID + "|" + WEIGHTS,
        twin="cnn-signs-five-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-lenet-sigmoid",
        "vanishing-gradient",
        lambda: lenet(nn.Sigmoid),
        cause=SIGMOID,
        twin="cnn-lenet-relu",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "cnn-signs-at-a-half",
        "dead-units",
        lambda: quickly(0.5),
        cause=DRIVEN,
        twin="cnn-signs-at-a-twenty-fifth",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-channels-over-nothing",
        "non-finite",
        lambda: by_channel(0.0),
        cause=DATA,
        twin="cnn-channels-over-a-bit-more",
    ),
    faulty(
        "cnn-body-run-as-when-frozen",
        "stalled-layer",
        lambda: featured(is_held=True),
        cause=CUT,
        twin="cnn-body-with-gradient",
        also=("vanishing-gradient",),
    ),
    faulty(
        "segment-roads-at-five",
        "unstable-updates",
        lambda: descended(5.0),
        cause=STEP,
        twin="segment-roads-at-a-tenth",
        also=("dead-units", "exploding-activation"),
    ),
)
