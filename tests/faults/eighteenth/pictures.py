"""What the convolutions over pictures of clocks and of beetles are made of."""

import math

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import Make, he
from tests.faults.eighteenth.scenes import BACKS, HOURS, beetles, dials
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job

WIDTH = 12


def rows(layers: int, after: Make, activation: Make = nn.ReLU) -> nn.Sequential:
    """Convolutions with something after each; the last pictures are read in quarters."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(WIDTH if place else 1, WIDTH, 3, padding=1), activation(), after()]
    parts += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * WIDTH, HOURS)]
    return nn.Sequential(*parts)


def plain(fill: Fill, lr: float = 5e-3) -> Job:
    return trained(filled(rows(3, nn.Identity), fill), dials(), Adam, lr=lr)


def pooled(pool: Make) -> Job:
    """What is near is pooled after each convolution, at every point."""
    return trained(filled(rows(4, pool), he), dials(), Adam, lr=4e-3)


class Thin(nn.Module):
    """Each channel by itself, then channels at each point; drawn as for what a layer gives out."""

    def __init__(self, *, is_by_group: bool) -> None:
        super().__init__()
        width = 24
        self.alone = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.act, self.across = nn.ReLU(), nn.Conv2d(width, width, 1)
        for conv in (self.alone, self.across):
            out = conv.out_channels * math.prod(conv.kernel_size)
            nn.init.normal_(conv.weight, std=(2 / (out // (conv.groups if is_by_group else 1))) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(self.across(self.act(self.alone(x))))
        return out


def thin(*, is_by_group: bool) -> Job:
    """As in MobileNet; He's draw for a fan out counts the groups, or forgets them."""
    first = nn.Conv2d(1, 24, 3, padding=1, stride=2)
    blocks = [Thin(is_by_group=is_by_group) for _ in range(4)]
    model = nn.Sequential(
        first, nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(96, HOURS)
    )
    return trained(model, dials(), Adam, lr=1e-2)


class Placed(nn.Module):
    """A convolution that is told where it is (Liu et al., 2018), in some unit."""

    def __init__(self, inputs: int, unit: float, centre: float) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(inputs + 2, 16, 3, padding=1), nn.Tanh()
        self.unit, self.centre = unit, centre

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-1]
        at = (torch.arange(size) - self.centre) * self.unit
        places = torch.stack([at.expand(size, size), at[:, None].expand(size, size)])
        out: Tensor = self.act(self.conv(torch.cat([x, places.expand(len(x), -1, -1, -1)], 1)))
        return out


def placed(unit: float, centre: float) -> Job:
    """Places from -1 to 1, or in points of the photograph, before it was made small."""
    body = Placed(1, unit, centre), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()
    model = nn.Sequential(*body, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, HOURS))
    return trained(model, dials(), Adam, lr=1e-2)


class Hand(nn.Module):
    """Which way a hand points, as two numbers over their length; both may start at 0."""

    def __init__(self, *, is_from_zero: bool) -> None:
        super().__init__()
        self.body = rows(2, nn.Identity, nn.SiLU)[:-1]
        self.last = nn.Linear(4 * WIDTH, 2)
        if is_from_zero:
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        way = self.last(self.body(x))
        out: Tensor = way / way.norm(dim=1, keepdim=True)
        return out


def pointed(model: nn.Module, batch: Batch) -> Tensor:
    angle = 1.5708 * batch[1]
    out: Tensor = 1 - (model(batch[0]) * torch.stack([angle.cos(), angle.sin()], 1)).sum(1).mean()
    return out


def hand(*, is_from_zero: bool) -> Job:
    return trained(Hand(is_from_zero=is_from_zero), dials(), Adam, pointed, lr=2.5e-2)


class Lit(nn.Module):
    """Shades are bent by a power, and put about 0 and over their deviation; in one order or the other."""

    def __init__(self, *, is_bent_first: bool) -> None:
        super().__init__()
        self.is_bent_first = is_bent_first

    def forward(self, x: Tensor) -> Tensor:
        if self.is_bent_first:
            return (x.clamp(min=1e-3) ** 0.45 - 0.68) / 0.2
        return ((x - 0.5) / 0.28) ** 0.45


def lit(*, is_bent_first: bool = True, levels: float = 1.0, fill: Fill | None = None) -> Job:
    """Photographs between 0 and 1; those of sixteen bits a shade over 255 are up to 257."""
    body = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(144, BACKS),
    )  # fmt: skip
    if fill:
        filled(body, fill)
    batches = seen_through(lambda x: levels * x, beetles())
    return trained(nn.Sequential(Lit(is_bent_first=is_bent_first), body), batches, Adam, lr=5e-3)


class Grouped(nn.Module):
    """Means of channels, normed in groups of some channels before they are read."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 24, 3, padding=1), nn.SiLU(), nn.Conv2d(24, 24, 3, padding=1), nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
        )  # fmt: skip
        self.norm, self.last = nn.GroupNorm(groups, 24), nn.Linear(24, BACKS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.norm(self.body(x)).flatten(1))
        return out


def grouped(groups: int) -> Job:
    return trained(
        Grouped(groups), seen_through(lambda x: 3 * (x - 0.5), beetles()), SGD, lr=0.1, momentum=0.9
    )
