"""Convolutional networks that tell drawings and leaves, and find a bright spot."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    DATA,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    Fill,
    constant,
    filled,
    seen_through,
    trained,
)
from tests.faults.eleventh.tasks import DRAWINGS, LEAVES, doodles, landmarks, leaves
from tests.faults.fourth.making import LEFT_OUT
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, by_logits

CHANNELS = 10


def stack(layers: int, bands: int, outputs: int, activation: Make = nn.ReLU) -> nn.Sequential:
    """Convolutions, a pooling after the first, and a layer over all places of a grid of 3 x 3."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(CHANNELS if place else bands, CHANNELS, 3, padding=1), activation()]
        parts += [nn.MaxPool2d(2)] if place == 0 else []
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * CHANNELS, outputs))


def about_0(x: Tensor) -> Tensor:
    return (x - 0.3) / 0.3


def in_bytes(*, is_divided: bool) -> Job:
    """Bytes of 0 to 255 as they came from the file, or divided and standardised."""
    batches = seen_through(about_0 if is_divided else lambda x: (255 * x).round(), doodles())
    return trained(stack(2, 1, DRAWINGS), batches, SGD, lr=0.05, momentum=0.9)


def by_imagenet(by: float = 1.0, lr: float = 8e-3) -> Job:
    """The mean and deviation of ImageNet, which are for 0 to 1, on bytes; or on 0 to 1."""
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    batches = seen_through(lambda x: (by * x - mean) / deviation, leaves())
    return trained(filled(stack(3, 3, LEAVES), he), batches, Adam, lr=lr)


def drawn(layers: int, fill: Fill, activation: Make = nn.ReLU) -> Job:
    model = filled(stack(layers, 1, DRAWINGS, activation), fill)
    return trained(model, seen_through(about_0, doodles()), Adam, lr=5e-3)


def spotted(lr: float, activation: Make = nn.ReLU) -> Job:
    return trained(stack(3, 1, 2, activation), landmarks(), Adam, squared_error, lr=lr)


class Evened(nn.Module):
    """Takes off the mean of a picture and divides by its deviation; one picture in the batch is all black."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.rest, self.least = stack(2, 1, DRAWINGS, nn.SiLU), least

    def forward(self, x: Tensor) -> Tensor:
        x = torch.where(torch.arange(len(x))[:, None, None, None] == 5, 0.0, x)
        off = x - x.mean((1, 2, 3), keepdim=True)
        out: Tensor = self.rest(off / (off.square().mean((1, 2, 3), keepdim=True).sqrt() + self.least))
        return out


class Softly(nn.Module):
    """The mean place of a map, weighed by its exponential; by hand, or by softmax."""

    def __init__(self, *, is_by_hand: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))
        self.out, self.is_by_hand = nn.Linear(2, 2), is_by_hand

    def forward(self, x: Tensor) -> Tensor:
        scores = 60 * self.body(x).flatten(1) + 60
        weight = scores.exp() / scores.exp().sum(1, keepdim=True) if self.is_by_hand else scores.softmax(1)
        at = torch.stack(torch.meshgrid(*[torch.arange(10.0) - 4.5] * 2, indexing="ij")).flatten(1)
        out: Tensor = self.out(weight @ at.t() / 3)
        return out


class Backbone(nn.Module):
    """Features and a head; of features `.data` is taken, or themselves."""

    def __init__(self, *, is_data: bool) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 2, 3, stride=2), nn.Tanh(), nn.Conv2d(2, 2, 3), nn.Tanh(), nn.Flatten()
        )
        self.head, self.is_data = nn.Linear(8, LEAVES), is_data

    def forward(self, x: Tensor) -> Tensor:
        seen = self.features(x)
        out: Tensor = self.head(seen.data if self.is_data else seen)
        return out


def backbone(*, is_data: bool) -> Job:
    return trained(Backbone(is_data=is_data), seen_through(about_0, leaves()), Adam, lr=2e-2)


def swapped(*, is_in_time: bool) -> Job:
    """The first convolution was made anew for one band; after the optimiser was made, or before."""
    model = stack(2, 3, DRAWINGS, nn.GELU)
    model[-1] = nn.Linear(9 * CHANNELS, 10)
    late = Adam(model.parameters(), lr=5e-3)
    model[0], model[-1] = nn.Conv2d(1, CHANNELS, 3, padding=1), nn.Linear(9 * CHANNELS, DRAWINGS)
    optimizer = Adam(model.parameters(), lr=5e-3) if is_in_time else late
    return Job(model, optimizer, seen_through(about_0, doodles()), _entropy)


def _entropy(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1])


def fine_tuned() -> Job:
    """The body is fixed, only the last convolution and the head learn; as is usual for few pictures."""
    model = filled(stack(3, 3, LEAVES, nn.LeakyReLU), he)
    for place in (0, 3):
        model[place].requires_grad_(False)  # type: ignore[index]
    return trained(model, seen_through(about_0, leaves()), Adam, lr=1e-2)


class Separable(nn.Module):
    """Depth-wise and point-wise convolutions with a clipped ramp (Sandler et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 12, 3, stride=2), nn.BatchNorm2d(12), nn.ReLU6(),
            nn.Conv2d(12, 12, 3, groups=12, padding=1), nn.BatchNorm2d(12), nn.ReLU6(),
            nn.Conv2d(12, 16, 1), nn.BatchNorm2d(16), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.last = nn.Linear(16, LEAVES)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.body(x))
        return out


def spot_map(model: nn.Module, batch: Batch) -> Tensor:
    """Which pixels are near the spot, by what the place says."""
    at = torch.arange(10.0)
    row, column = (1.73 * batch[1][:, i] + 4.5 for i in (0, 1))
    near = (at[:, None] - row[:, None, None]).square() + (at - column[:, None, None]).square() < 5
    return by_logits(model, (batch[0], near[:, None].float()))


def hourglass(activation: Make, lr: float) -> Job:
    """Down and up again, with the logit of each pixel; few pixels are of the spot."""
    model = nn.Sequential(
        nn.Conv2d(1, 10, 3, padding=1), activation(), nn.MaxPool2d(2), nn.Conv2d(10, 14, 3, padding=1),
        activation(), nn.Upsample(scale_factor=2), nn.Conv2d(14, 10, 3, padding=1), activation(),
        nn.Conv2d(10, 1, 1),
    )  # fmt: skip
    return trained(model, landmarks(), AdamW, spot_map, lr=lr)


programs = (
    healthy("cnn-doodles-standardised", lambda: in_bytes(is_divided=True)),
    healthy("cnn-leaves-by-imagenet-of-0-to-1", by_imagenet),
    healthy("cnn-doodles-six-by-he", lambda: drawn(6, he)),
    healthy("cnn-doodles-five-tanh", lambda: drawn(5, xavier, nn.Tanh)),
    healthy("cnn-spots-gelu", lambda: spotted(5e-3, nn.GELU)),
    healthy("cnn-black-one-and-a-bit", lambda: trained(Evened(1e-3), doodles(), Adam, lr=8e-3)),
    healthy(
        "cnn-place-by-softmax",
        lambda: trained(Softly(is_by_hand=False), landmarks(), Adam, squared_error, lr=1e-2),
    ),
    healthy("cnn-features-themselves", lambda: backbone(is_data=False)),
    healthy("cnn-stem-made-in-time", lambda: swapped(is_in_time=True)),
    healthy("cnn-leaves-tuned-at-the-end", fine_tuned),
    healthy(
        "cnn-leaves-separable", lambda: trained(Separable(), seen_through(about_0, leaves()), SGD, lr=0.2)
    ),
    healthy("segment-spots-hourglass", lambda: hourglass(nn.SiLU, 6e-3)),
    faulty(
        "cnn-doodles-in-bytes",
        "unscaled-input",
        lambda: in_bytes(is_divided=False),
        cause=INPUT,
        twin="cnn-doodles-standardised",
        also=("dead-units", "unstable-updates", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "cnn-leaves-by-imagenet-of-bytes",
        "unscaled-input",
        lambda: by_imagenet(255.0),
        cause=INPUT,
        twin="cnn-leaves-by-imagenet-of-0-to-1",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "cnn-doodles-six-by-five-he",
        "exploding-activation",
        lambda: drawn(6, lambda w: he(w, 5.0)),
        cause=GROWTH,
        twin="cnn-doodles-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-doodles-five-logistic",
        "vanishing-gradient",
        lambda: drawn(5, xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="cnn-doodles-five-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "cnn-leaves-adam-at-a-third",
        "dead-units",
        lambda: by_imagenet(lr=0.33),
        cause=DRIVEN,
        twin="cnn-leaves-by-imagenet-of-0-to-1",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "cnn-spots-gelu-at-a-seventh",
        "unstable-updates",
        lambda: spotted(0.15, nn.GELU),
        cause=STEP,
        twin="cnn-spots-gelu",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-doodles-kernels-of-ones",
        "symmetric-units",
        lambda: drawn(6, constant(0.05)),
        cause=ALIKE,
        twin="cnn-doodles-six-by-he",
        also=(
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "dead-units",
            "unstable-updates",
        ),
    ),
    faulty(
        "cnn-black-one-over-0",
        "non-finite",
        lambda: trained(Evened(0.0), doodles(), Adam, lr=8e-3),
        cause=UNDEFINED + "|" + DATA,
        twin="cnn-black-one-and-a-bit",
    ),
    faulty(
        "cnn-place-by-exponentials",
        "non-finite",
        lambda: trained(Softly(is_by_hand=True), landmarks(), Adam, squared_error, lr=1e-2),
        cause=UNDEFINED,
        twin="cnn-place-by-softmax",
    ),
    faulty(
        "cnn-data-of-features",
        "stalled-layer",
        lambda: backbone(is_data=True),
        cause=CUT,
        twin="cnn-features-themselves",
        also=("vanishing-gradient",),
    ),
    faulty(
        "cnn-stem-made-too-late",
        "stalled-layer",
        lambda: swapped(is_in_time=False),
        cause=LEFT_OUT,
        twin="cnn-stem-made-in-time",
    ),
)
