"""Convolutional networks: coloured discs in noise."""

from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he
from tests.faults.fourth.making import DATA, GROWTH, LEFT_OUT, STEP, filled, seen_through, trained
from tests.faults.fourth.tasks import COLOURS, coloured
from tests.faults.program import Batch, Job, faulty, healthy

CHANNELS = 12


def plain(layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions of 3 x 3, of which the first two halve the image, and a mean over what is left."""
    parts: list[nn.Module] = []
    for place in range(layers):
        inside = 3 if place == 0 else CHANNELS
        parts += [nn.Conv2d(inside, CHANNELS, 3, 2 if place < 2 else 1, padding=1), norm(), activation()]
    head = nn.Linear(CHANNELS, COLOURS)
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)


def without_kernel(weight: Tensor) -> None:
    """He's rule, for which only channels are counted as inputs, and not the nine places of each."""
    nn.init.normal_(weight, std=(2 / weight.shape[1]) ** 0.5)


def deep(*, counts_places: bool) -> Job:
    return trained(filled(plain(7), he if counts_places else without_kernel), coloured(), Adam, lr=2e-3)


def normalised(shift: float = 0.0) -> Job:
    """Normalised by batch, with what is added after it filled with one number."""
    model = filled(plain(3, norm=lambda: nn.BatchNorm2d(CHANNELS)), he)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.constant_(part.bias, shift)
    return trained(model, coloured(), AdamW, lr=3e-3)


def brightened(least: float | None) -> list[Batch]:
    """Images by the power that a screen has, which a value below 0 does not have."""

    def power(x: Tensor) -> Tensor:
        x = (x + 0.6) / 2
        return 2 * ((x if least is None else x.clamp(min=least)) ** (1 / 2.2) - 0.5)

    return seen_through(power, coloured())


def swapped(*, is_known: bool) -> Job:
    """The first layer is changed to one for coloured images, before or after the optimiser is made."""
    model = plain(2)
    filled(model, he)
    model[0] = nn.Conv2d(1, CHANNELS, 3, 2, padding=1)
    three = nn.Conv2d(3, CHANNELS, 3, 2, padding=1)
    nn.init.normal_(three.weight, std=0.05)  # a grey layer's weights, shared out, were no larger
    if is_known:
        model[0] = three
    optimizer = Adam(model.parameters(), lr=5e-3)
    model[0] = three
    return Job(model, optimizer, coloured(), lambda model, batch: F.cross_entropy(model(batch[0]), batch[1]))


class Tuned(nn.Module):
    """A body that was trained before and is left as it is, statistics too, and a small new head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = plain(2, nn.SiLU, lambda: nn.BatchNorm2d(CHANNELS))[:-1]
        batches = coloured()
        old = nn.Linear(CHANNELS, 3)
        first = Adam([*self.body.parameters(), *old.parameters()], lr=1e-2)
        for x, y in batches[:40]:
            first.zero_grad()
            F.cross_entropy(old(self.body(x)), y % 3).backward()  # type: ignore[no-untyped-call]
            first.step()
        self.body.requires_grad_(False)
        self.head = nn.Sequential(nn.Linear(CHANNELS, 16), nn.ReLU(), nn.Linear(16, COLOURS))

    def train(self, mode: bool = True) -> "Tuned":
        super().train(mode)
        self.body.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(x))
        return out


class Squeezed(nn.Module):
    """Channels weighed by gates that look at all places (Hu, Shen & Sun, 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = nn.Conv2d(3, 16, 3, 2, padding=1), nn.Conv2d(16, 16, 3, 2, padding=1)
        gates = [nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16), nn.Hardsigmoid()]
        self.gates, self.head = nn.Sequential(*gates), nn.Linear(16, COLOURS)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.enter(x))
        x = F.relu6(self.leave(x * self.gates(x.mean((2, 3)))[..., None, None]))
        out: Tensor = self.head(x.mean((2, 3)))
        return out


def holes() -> Job:
    """A patch of each image is blanked out (DeVries & Taylor, 2017), and whole channels are dropped."""

    def blanked(x: Tensor) -> Tensor:
        x = x.clone()
        x[:, :, 3:8, 2:7] = 0
        return x

    model = plain(3, lambda: nn.Sequential(nn.CELU(), nn.Dropout2d(0.3)))
    return trained(model, seen_through(blanked, coloured()), Adam, lr=1e-2)


programs = (
    healthy("cnn-seven-layers", lambda: deep(counts_places=True)),
    healthy("cnn-shift-of-0", normalised),
    healthy("cnn-brightened-above-0", lambda: trained(filled(plain(3), he), brightened(1e-2), Adam, lr=3e-3)),
    healthy("cnn-swapped-before", lambda: swapped(is_known=True)),
    healthy("cnn-body-trained-before", lambda: trained(Tuned(), coloured(), Adam, lr=2e-2)),
    healthy("cnn-channels-weighed", lambda: trained(Squeezed(), coloured(), Adam, lr=5e-3)),
    healthy("cnn-holes", holes),
    healthy("cnn-momentum", lambda: trained(filled(plain(3), he), coloured(), SGD, lr=0.2, momentum=0.5)),
    faulty(
        "cnn-fan-in-without-kernel",
        "exploding-activation",
        lambda: deep(counts_places=False),
        cause=GROWTH,
        twin="cnn-seven-layers",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-shift-of-minus-seven",
        "dead-units",
        lambda: normalised(-7.0),
        cause="bias|shift|offset|beta|normali[sz]|born dead|initiali[sz]",
        twin="cnn-shift-of-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-brightened-below-0",
        "non-finite",
        lambda: trained(filled(plain(3), he), brightened(None), Adam, lr=3e-3),
        cause=DATA,
        twin="cnn-brightened-above-0",
    ),
    faulty(
        "cnn-swapped-after",
        "stalled-layer",
        lambda: swapped(is_known=False),
        cause=LEFT_OUT,
        twin="cnn-swapped-before",
    ),
    faulty(
        "cnn-momentum-of-almost-one",
        "unstable-updates",
        lambda: trained(filled(plain(3), he), coloured(), SGD, lr=0.2, momentum=0.995),
        cause=STEP + "|momentum",
        twin="cnn-momentum",
        also=("dead-units", "non-finite"),
    ),
)
