"""Networks with branches that are added: marks in an exam."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import he, squared_error, weighted
from tests.faults.eighth.making import RATE, STEP, UNDEFINED, filled, normal, trained
from tests.faults.ninth.making import DEPTH, tower
from tests.faults.ninth.tasks import exams
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Branch(nn.Module):
    """Two layers that are added to what came in, unless that was forgotten."""

    def __init__(self, norm: bool = False, *, is_added: bool = True) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.relu = nn.ReLU()
        self.norm = nn.BatchNorm1d(WIDTH) if norm else nn.Identity()
        self.is_added = is_added

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.two(self.relu(self.one(self.norm(x))))
        return x + out if self.is_added else self.relu(out)


def deep(blocks: int, *, norm: bool) -> Job:
    """Batch normalisation before each branch, or taken out to save time."""
    model = filled(tower([Branch(norm) for _ in range(blocks)], 6, WIDTH, 1), he)
    nn.init.normal_(weighted(model)[-1].weight, std=0.02)
    return trained(model, exams(), Adam, squared_error, lr=2e-3)


def default(*, is_added: bool, lr: float = 3e-3) -> Job:
    blocks: list[nn.Module] = [Branch(is_added=is_added) for _ in range(5)]
    return trained(tower(blocks, 6, WIDTH, 1), exams(), Adam, squared_error, lr=lr)


def points(model: nn.Module, batch: Batch, *, in_half: bool) -> Tensor:
    """Squares of what is left of marks of 0 to 100, in numbers of sixteen bits or in full."""
    x, y = batch
    with torch.autocast("cpu", dtype=torch.float16):
        out: Tensor = model(x)
    kind = torch.float16 if in_half else torch.float32
    left = 60 * out.to(kind) - (60 * y + 300).to(kind)
    loss: Tensor = left.square().mean().float() / 3600
    return loss


def mixed(*, in_half: bool) -> Job:
    model = tower([Branch(norm=True) for _ in range(2)], 6, WIDTH, 1)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return points(model, batch, in_half=in_half)

    return trained(model, exams(), Adam, loss, lr=2e-2)


def fading(factor: float) -> Job:
    """Each block has a smaller rate than the one behind it (Howard & Ruder, 2018)."""
    model = tower([Branch() for _ in range(4)], 6, WIDTH, 1)
    model = filled(model, normal(0.12))  # type: ignore[assignment]
    count = len(model)
    groups = [
        {"params": list(part.parameters()), "lr": 1e-2 * factor ** (count - 1 - place)}
        for place, part in enumerate(model)
    ]
    return Job(model, Adam(groups), exams(), squared_error)


class Chance(nn.Module):
    """A branch that is left out of two examples in five, and counts more in the others."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = Branch(norm=True)

    def forward(self, x: Tensor) -> Tensor:
        kept = (torch.rand(len(x), 1) < 0.6) / 0.6
        out: Tensor = x + kept * (self.branch(x) - x)
        return out


def no_branch_at_first() -> Job:
    """The last layer of each branch begins at 0, and so does the head (Zhang, Dauphin & Ma, 2019)."""
    blocks = [Branch() for _ in range(6)]
    for block in blocks:
        nn.init.zeros_(block.two.weight)
        nn.init.zeros_(block.two.bias)
    model = tower([*blocks], 6, WIDTH, 1)
    nn.init.zeros_(weighted(model)[-1].weight)
    return trained(model, exams(), SGD, squared_error, lr=0.05, momentum=0.9)


def examined(model: nn.Module, lr: float = 5e-3, kind: type = Adam, batch: int = 48) -> Job:
    return trained(model, exams(batch), kind, squared_error, lr=lr)


programs = (
    healthy("residual-twelve-with-batch-norm", lambda: deep(12, norm=True)),
    healthy("residual-five-with-shortcuts", lambda: default(is_added=True)),
    healthy("residual-squares-in-full", lambda: mixed(in_half=False)),
    healthy("residual-rates-fade-by-a-fifth", lambda: fading(0.8)),
    healthy(
        "residual-branches-by-chance", lambda: examined(tower([Chance() for _ in range(3)], 6, WIDTH, 1))
    ),
    healthy("residual-no-branch-at-first", no_branch_at_first),
    faulty(
        "residual-twelve-batch-norm-removed",
        "exploding-activation",
        lambda: deep(12, norm=False),
        cause=DEPTH,
        twin="residual-twelve-with-batch-norm",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-five-shortcuts-forgotten",
        "vanishing-gradient",
        lambda: default(is_added=False),
        cause=DEPTH,
        twin="residual-five-with-shortcuts",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "residual-squares-in-half",
        "non-finite",
        lambda: mixed(in_half=True),
        cause=UNDEFINED + "|half|float16|precision|range",
        twin="residual-squares-in-full",
    ),
    faulty(
        "residual-exams-rate-of-descent-for-adam",
        "unstable-updates",
        lambda: default(is_added=True, lr=0.3),
        cause=STEP,
        twin="residual-five-with-shortcuts",
        also=("exploding-activation", "exploding-gradient", "dead-units", "stalled-layer"),
    ),
    faulty(
        "residual-rates-fade-by-nine-tenths",
        "stalled-layer",
        lambda: fading(0.1),
        cause=RATE,
        twin="residual-rates-fade-by-a-fifth",
    ),
)
