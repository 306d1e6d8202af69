"""What the programs of plain layers are made of: prices of diamonds, kinds of stars, rents that are late."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, Scheduled, chain, cross_entropy, deep, squared_error
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.fourteenth.tasks import STARS, arrears, diamonds, stars
from tests.faults.program import Batch, Job
from tests.faults.tasks import generator


def priced(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 3e-3) -> Job:
    """Some hidden layers that are filled in one way."""
    model = filled(chain(deep(layers, 48, inputs=8, outputs=1), activation), fill)
    return trained(model, diamonds(), Adam, squared_error, lr=lr)


def shining(unit: float) -> Job:
    """Brightness of stars in some unit of energy."""
    batches = seen_through(lambda x: unit * x, stars())
    return trained(chain([6, 48, 48, STARS]), batches, SGD, lr=0.1, momentum=0.9)


def dated(year: float) -> Job:
    """The first number of a household is the year in which it moved in, or that year less the usual one."""
    shift = torch.tensor([year, *[0.0] * 6])
    batches = seen_through(lambda x: x * torch.tensor([4.0 if year else 1.0, *[1.0] * 6]) + shift, arrears())
    return trained(chain([7, 48, 48, 2], nn.Tanh), batches, Adam, lr=8e-3)


def answered(*, is_filled: bool) -> Job:
    """Some did not tell their income: not a number, or the mean of those who did."""

    def told(x: Tensor) -> Tensor:
        missing = torch.arange(len(x)) % 21 == 20
        x = torch.where(missing[:, None] & (torch.arange(7) == 2), torch.nan, x)
        return x.nan_to_num(0.0) if is_filled else x

    return trained(chain([7, 48, 48, 2]), seen_through(told, arrears()), Adam, lr=8e-3)


class Relative:
    """The mean of errors over true prices, of which some are 0: a number is kept from below, or is not."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        out: Tensor = ((model(x) - y).abs() / y.abs().clamp(min=self.least)).mean()
        return out


def relative(least: float) -> Job:
    batches = [(x, torch.where(y.abs() < 0.02, 0.0, y)) for x, y in diamonds()]
    return trained(chain([8, 48, 48, 1], nn.SiLU), batches, Adam, Relative(least), lr=8e-3)


def stepped(lr: float) -> Job:
    """Descent with momentum on kinds of stars."""
    return trained(chain([6, 48, 48, STARS]), stars(), SGD, lr=lr, momentum=0.9)


def descended() -> Job:
    """Descent on prices."""
    return trained(chain([8, 64, 64, 1]), diamonds(), SGD, squared_error, lr=0.05)


class Split(nn.Module):
    """Two branches over one household, and a head over both."""

    def __init__(self) -> None:
        super().__init__()
        self.money, self.people = chain([4, 32, 32], nn.ReLU), chain([3, 32, 32], nn.ReLU)
        self.head = nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([self.money(x[:, [0, 1, 2, 3]]), self.people(x[:, 4:])], 1)
        out: Tensor = self.head(both.relu())
        return out


def branched(*, is_all: bool) -> Job:
    """The optimiser was given the branch that was there first and the head, or all."""
    model = Split()
    some = [*model.people.parameters(), *model.head.parameters()]
    return Job(model, Adam([*model.parameters()] if is_all else some, lr=8e-3), arrears(), cross_entropy)


class Staged(nn.Module):
    """A body, and a head that was written to take arrays: what comes in is made a new tensor, or is not."""

    def __init__(self, *, is_anew: bool) -> None:
        super().__init__()
        self.body, self.head = chain([8, 48, 48]), nn.Linear(48, 1)
        self.is_anew = is_anew

    def forward(self, x: Tensor) -> Tensor:
        inner = self.body(x).relu()
        inner = torch.as_tensor(inner.tolist()) if self.is_anew else inner
        out: Tensor = self.head(inner)
        return out


def staged(*, is_anew: bool) -> Job:
    model = Staged(is_anew=is_anew)
    filled(model, lambda w: nn.init.kaiming_normal_(w, generator=generator(6)))
    nn.init.normal_(model.body[0].weight, std=0.05)  # type: ignore[arg-type]
    return trained(model, diamonds(), Adam, squared_error, lr=1e-2)


# Healthy trainings that look odd


def known_before() -> Job:
    """Trained to its floor, then by a small rate on the same kinds."""
    job = trained(chain([6, 20, STARS]), stars(), Adam, lr=1e-2)
    for step in range(120):
        loss = job.loss(job.model, job.batches[step % len(job.batches)])
        job.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        job.optimizer.step()
    return trained(job.model, stars(), AdamW, lr=1e-4)


def sparse() -> Job:
    """Layers whose biases keep all but one unit in eight silent at a time; almost all fire at some time."""
    model = chain([6, 96, 96, STARS])
    with torch.no_grad():
        for place in (0, 2):
            layer = model[place]
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            layer.bias.fill_(-1.2)
    return trained(model, stars(), Adam, lr=8e-3)


def some_silent() -> Job:
    """One unit in eight of the first layer never fires; the others learn what there is."""
    model = chain([8, 64, 48, 1])
    first = model[0]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        first.bias[::8] = -9.0
    return trained(model, diamonds(), Adam, squared_error, lr=6e-3)


class Averaged(nn.Module):
    """A student, and a slow copy of it that is asked how sure it is (Tarvainen & Valpola, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.student = chain([6, 48, 48, STARS])
        self.teacher = deepcopy(self.student).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
        return self.student(x), self.teacher(x + 0.1)


def consistent(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    said, taught = model(x)
    return F.cross_entropy(said, y) + 0.5 * F.mse_loss(said.softmax(1), taught.softmax(1))


def in_dollars(model: nn.Module, batch: Batch) -> Tensor:
    """Prices of thousands, from a network whose last layer is scaled as they are."""
    x, y = batch
    return F.mse_loss(4000 + 3000 * model(x), 4000 + 3000 * y)


def warmed_high() -> Job:
    """A rate that rises for twelve steps to where layers that are normalised still bear it."""
    model = chain([6, 64, 64, STARS], between=(lambda: nn.LayerNorm(64),))
    return Job(model, Scheduled(model, 0.2, [i / 12 for i in range(1, 13)]), stars(), cross_entropy)
