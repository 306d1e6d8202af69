"""Tables of buyers and goods, and words of menus, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, cross_entropy
from tests.faults.eighteenth.tasks import BUYERS, GOODS, KITCHENS, WORDS, barters, menus
from tests.faults.eighth.making import ENDS, INPUT, STEP, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.twelfth.making import told

WIDTH = 48


class Barter(nn.Module):
    """Rows of a buyer and a good, times some number, beside weight and age; tanh layers over them."""

    def __init__(self, times: float) -> None:
        super().__init__()
        self.buyer, self.good = nn.Embedding(BUYERS, WIDTH), nn.Embedding(GOODS, WIDTH)
        self.rest, self.times = chain([2 * WIDTH + 2, 48, 1], nn.Tanh), times

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        rows = torch.cat([self.buyer(who[:, 0]), self.good(who[:, 1])], 1)
        out: Tensor = self.rest(torch.cat([x, self.times * rows], 1))
        return out


def bartered(times: float = 0.3, lr: float = 8e-3) -> Job:
    return trained(Barter(times), barters(), Adam, told, lr=lr)


def dated(x: Tensor) -> Tensor:
    """The age as a date of eight digits, of which the last two are days."""
    days = (15.5 + 6 * x[:, 1:]).round().clamp(1, 31)
    return torch.cat([x[:, :1], 20240300 + days], 1)


# Healthy trainings that look odd


class Factors(nn.Module):
    """A level for each buyer and each good, and products of a few numbers that start near 0."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleList(nn.Embedding(n, 1) for n in (BUYERS, GOODS))
        self.rows = nn.ModuleList(nn.Embedding(n, 3) for n in (BUYERS, GOODS))
        self.rest = nn.Linear(4, 1)
        for table in (*self.levels, *self.rows):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        one, other = (table(who[:, side]) for side, table in enumerate(self.rows))
        levels = sum(table(who[:, side]) for side, table in enumerate(self.levels))
        out: Tensor = levels + (one * other).sum(1, keepdim=True) + self.rest(torch.cat([x, x.abs()], 1))
        return out


class Cut(nn.Module):
    """How well a good is liked, and three cuts between four grades of it that stay in order."""

    def __init__(self) -> None:
        super().__init__()
        self.liking, self.first = Factors(), nn.Parameter(torch.tensor(-1.0))
        self.gaps = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        cuts = self.first + torch.cat([torch.zeros(1), F.softplus(self.gaps).cumsum(0)])
        out: Tensor = self.liking(x, who) - cuts
        return out


def above_cuts(model: nn.Module, batch: Batch) -> Tensor:
    """Whether the grade is above each cut (McCullagh, 1980)."""
    x, who, y = batch
    return 3 * F.binary_cross_entropy_with_logits(model(x, who), (y > torch.tensor([-0.8, 0.0, 0.8])).float())


class Counts(nn.Module):
    """How often each word is there, most not at all, and one linear layer that starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(WORDS, KITCHENS)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.one_hot(x, WORDS).sum(1).float().log1p())
        return out


def missing_words(model: nn.Module, batch: Batch) -> Tensor:
    """A third of the words of a menu are other ones at each step, as of a bad scan."""
    x, y = batch
    x = torch.where(torch.rand(x.shape) < 0.2, torch.randint(WORDS, x.shape), x)
    return cross_entropy(model, (x, y))


programs = (
    healthy("embedding-barters-three-tenths-of-rows", bartered),
    healthy(
        "embedding-barters-levels-and-factors", lambda: trained(Factors(), barters(), Adam, told, lr=3e-2)
    ),
    healthy(
        "embedding-barters-grades-in-order", lambda: trained(Cut(), barters(), Adam, above_cuts, lr=4e-2)
    ),
    healthy(
        "embedding-menus-counts-from-0", lambda: trained(Counts(), menus(), Adam, missing_words, lr=4e-2)
    ),
    faulty(
        "embedding-barters-rows-times-root-of-width",
        "saturated-units",
        lambda: bartered(WIDTH**0.5),
        cause=ENDS + "|scale|embedding|table",
        twin="embedding-barters-three-tenths-of-rows",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-barters-dates-of-eight-digits",
        "unscaled-input",
        lambda: trained(Barter(0.3), seen_through(dated, barters()), Adam, told, lr=8e-3),
        cause=INPUT + "|scale|offset",
        twin="embedding-barters-three-tenths-of-rows",
        also=("saturated-units", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-barters-rate-of-plain-descent",
        "unstable-updates",
        lambda: bartered(lr=0.5),
        cause=STEP,
        twin="embedding-barters-three-tenths-of-rows",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
)
