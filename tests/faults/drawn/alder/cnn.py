"""Convolutions over pictures of sunflowers and of stamps."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, cross_entropy, he
from tests.faults.drawn.alder.tasks import FLOWERS, STAMPS, stamps, sunflowers
from tests.faults.eighth.making import INPUT, RATE, WEIGHTS, Fill, filled, normal, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def stack(
    layers: int,
    activation: Make = nn.ReLU,
    norm: Make = nn.Identity,
    *,
    inputs: int = 1,
    width: int = 12,
    outputs: int = FLOWERS,
) -> nn.Sequential:
    """Convolutions, a pooling after the first, and a linear layer on what is left at nine places."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(width if place else inputs, width, 3, padding=1), norm(), activation()]
        parts += [] if place else [nn.MaxPool2d(2)]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * width, outputs))


def grown(layers: int, fill: Fill, lr: float = 5e-3) -> Job:
    return trained(filled(stack(layers), fill), sunflowers(), Adam, lr=lr)


def scanned(by: float) -> Job:
    """Stamps from 0 to some number, and descent with momentum as a tutorial has it."""
    batches = seen_through(lambda x: by * x, stamps())
    model = stack(2, inputs=3, outputs=STAMPS, width=16)
    return trained(model, batches, SGD, lr=0.05, momentum=0.9)


def fine_tuned(*, is_head_known: bool) -> Job:
    """The head of old is replaced, after the optimiser was made or before; the body moves slowly."""
    model = stack(3, width=16, outputs=1000)
    filled(model, he)
    old, new = model[-1], nn.Linear(144, FLOWERS)
    groups: list[dict[str, Any]] = [
        {"params": [*model[:-1].parameters()], "lr": 3e-4},
        {"params": [*(new if is_head_known else old).parameters()]},
    ]
    optimizer = Adam(groups, lr=1e-2)
    model[-1] = new
    return Job(model, optimizer, sunflowers(), cross_entropy)


# Healthy trainings that look odd


def apart(inside: int, outside: int) -> list[nn.Module]:
    """A filter for each channel, and then what mixes them (Chollet, 2017)."""
    return [
        nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False),
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU6(),
    ]


def light() -> Job:
    model = nn.Sequential(
        nn.Conv2d(3, 12, 3), nn.ReLU6(), *apart(12, 24), *apart(24, 24), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(96, STAMPS),
    )  # fmt: skip
    return trained(
        model, seen_through(lambda x: 4 * x - 2, stamps()), SGD, lr=0.1, momentum=0.9, nesterov=True
    )


class LeNet(nn.Module):
    """Sigmoids and means, as the first of these networks had (LeCun et al., 1998), normed by batch."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3)
        self.norms = nn.ModuleList([nn.BatchNorm2d(8), nn.BatchNorm2d(16)])
        self.act, self.last = nn.Sigmoid(), nn.Linear(64, FLOWERS)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(self.act(self.norms[0](self.one(x))), 2)
        x = self.act(self.norms[1](self.two(x)))
        out: Tensor = self.last(x.flatten(1))
        return out


def random_features() -> Job:
    """A body that is left as it was drawn, as a baseline; the head learns from what it shows."""
    model = filled(stack(2, width=24), he)
    for part in list(model.children())[:-1]:
        part.requires_grad_(False)
    return trained(model, sunflowers(), Adam, lr=5e-3)


def in_fours() -> Job:
    """Pictures in fours, each channel of each normed by itself."""
    model = stack(2, nn.PReLU, lambda: nn.InstanceNorm2d(16, affine=True), width=16)
    return trained(model, sunflowers(batch=4), Adam, lr=2e-3)


programs = (
    healthy("cnn-sunflowers-five-by-he", lambda: grown(5, he)),
    healthy("cnn-stamps-from-0-to-1", lambda: scanned(1.0)),
    healthy("cnn-sunflowers-head-before-optimiser", lambda: fine_tuned(is_head_known=True)),
    healthy("cnn-stamps-filters-apart", light),
    healthy("cnn-sunflowers-sigmoids-normed", lambda: trained(LeNet(), sunflowers(), Adam, lr=1e-2)),
    healthy("cnn-sunflowers-body-as-drawn", random_features),
    healthy("cnn-sunflowers-in-fours", in_fours),
    faulty(
        "cnn-sunflowers-five-of-two-hundredths",
        "vanishing-gradient",
        lambda: grown(5, normal(0.02)),
        cause=WEIGHTS,
        twin="cnn-sunflowers-five-by-he",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-sunflowers-five-at-a-fifth",
        "dead-units",
        lambda: grown(5, he, 0.2),
        cause=DRIVEN,
        twin="cnn-sunflowers-five-by-he",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "non-finite",
            "stalled-layer",
        ),
    ),
    faulty(
        "cnn-stamps-from-0-to-255",
        "unscaled-input",
        lambda: scanned(255.0),
        cause=INPUT + "|scale",
        twin="cnn-stamps-from-0-to-1",
        also=(
            "dead-units",
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "non-finite",
        ),
    ),
    faulty(
        "cnn-stamps-divided-twice",
        "unscaled-input",
        lambda: scanned(1 / 255),
        cause=INPUT + "|scale",
        twin="cnn-stamps-from-0-to-1",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-sunflowers-head-after-optimiser",
        "stalled-layer",
        lambda: fine_tuned(is_head_known=False),
        cause=RATE,
        twin="cnn-sunflowers-head-before-optimiser",
    ),
)
