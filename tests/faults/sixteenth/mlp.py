"""What the programs of plain layers are made of: teas, ballots, parcels and eruptions."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import SGD, Adam

from tests.faults.building import chain, he, squared_error
from tests.faults.eighth.making import Fill, filled, seen_through, trained, weighted
from tests.faults.program import Batch, Job
from tests.faults.sixteenth.making import Planned
from tests.faults.sixteenth.tasks import TEAS, ballots, parcels, teas
from tests.faults.tasks import generator


class Widened(nn.Linear):
    """A layer whose output is multiplied by how much wider it is than the one it was tuned at, or is not."""

    def __init__(self, inputs: int, outputs: int, by: float) -> None:
        super().__init__(inputs, outputs)
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        return self.by * super().forward(x)


def poured(fill: Fill, by: float = 1.0) -> Job:
    """Seven layers over a cup of tea; those between may be multiplied (after Yang et al., 2021)."""
    parts: list[nn.Module] = [nn.Linear(8, 48), nn.ReLU()]
    for _ in range(5):
        parts += [Widened(48, 48, by), nn.ReLU()]
    model = filled(nn.Sequential(*parts, nn.Linear(48, TEAS)), fill)
    return trained(model, teas(), Adam, lr=3e-3)


def whole(weight: Tensor) -> None:
    """Weights that were stored as whole numbers up to 127, with a scale that is left out."""
    he(weight)
    with torch.no_grad():
        scale = weight.abs().max() / 127
        weight.copy_((weight / scale).round())


def voted(fill: Fill) -> Job:
    """Three layers of tanh over a cup, and a head that starts at 0."""
    model = filled(chain([8, 64, 64, 64, TEAS], nn.Tanh), fill)
    init.zeros_(model[-1].weight)  # type: ignore[index]
    return trained(model, teas(), Adam, lr=6e-3)


class Rows:
    """Each unit drawn from a generator: one for all of them, or one that is made anew for each."""

    def __init__(self, *, is_anew: bool) -> None:
        self.draw, self.is_anew = generator(5), is_anew

    def __call__(self, weight: Tensor) -> None:
        for row in weight.data:
            self.draw = generator(5) if self.is_anew else self.draw
            row.copy_(torch.randn(row.shape, generator=self.draw) / row.numel() ** 0.5)


class Dropped(nn.Module):
    """Dropout by hand: what is kept is divided by a share, that which is kept or that which is not."""

    def __init__(self, out: float, over: float) -> None:
        super().__init__()
        self.out, self.over = out, over

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.rand_like(x) >= self.out) / self.over if self.training else x


def thinned(over: float, lr: float = 4e-3) -> Job:
    """Adam, at its rate or at that which plain descent had."""
    model = chain([6, 64, 64, 64, 1], between=(lambda: Dropped(0.1, over),))
    return trained(filled(model, he), parcels(), Adam, squared_error, lr=lr)


class Masked(nn.Linear):
    """A layer of which whole units are held at 0: those of the least weights."""

    def __init__(self, inputs: int, outputs: int, kept: float) -> None:
        super().__init__(inputs, outputs)
        size = self.weight.detach().norm(dim=1)
        least = size.sort(descending=True).values[max(1, round(kept * outputs)) - 1]
        self.register_buffer("mask", (size >= least).float())

    def forward(self, x: Tensor) -> Tensor:
        mask: Tensor = self.mask  # type: ignore[assignment]
        return F.linear(x, self.weight * mask[:, None], self.bias * mask)


def trimmed(kept: float = 0.9, *, by: float = 0.97, power: int = 1) -> Job:
    """One unit in ten went, or only one stayed; what is left is trained on by a rate that falls, or rises.

    What was measured of a cup is over its deviation, or over its variance.
    """
    spread = torch.tensor([0.002, 0.005, 0.003, 0.002, 0.01, 0.005, 0.004, 0.002])
    batches = seen_through(lambda x: (x * spread) / spread**power, teas())
    parts = [part for i, o in ((8, 40), (40, 40)) for part in (Masked(i, o, kept), nn.ReLU())]
    model = nn.Sequential(*parts, nn.Linear(40, TEAS))
    return trained(model, batches, Planned, plan=Powers(0.1, by), momentum=0.9)


class Powers:
    """A rate that is multiplied by a number at each step."""

    def __init__(self, first: float, by: float) -> None:
        self.first, self.by = first, by

    def __call__(self, taken: int) -> float:
        return self.first * self.by**taken


class Divergence:
    """How far a student is from what a teacher was sure of; a number is added to it before the logarithm."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, taught = batch
        said = F.log_softmax(model(x), 1)
        out: Tensor = (taught * ((taught + self.least).log() - said)).sum(1).mean()
        return out


def distilled(least: float = 1e-8, *, is_head_after: bool = False) -> Job:
    """A teacher whose least chances were cut to 0; a student whose head is new, before Adam was or after."""
    batches = []
    for x, y in teas():
        batches.append((x, 0.75 * F.one_hot(y, TEAS) + 0.25 * F.one_hot((y + 1) % TEAS, TEAS)))
    model = chain([8, 48, 48, 9], nn.GELU)
    before = [*model.parameters()]
    model[-1] = nn.Linear(48, TEAS)
    init.normal_(model[-1].weight, std=0.02)  # type: ignore[arg-type]
    known = before if is_head_after else model.parameters()
    return Job(model, Adam(known, lr=3e-3), batches, Divergence(least))


def grown(*, is_shaken: bool) -> Job:
    """A network of two units a layer, copied eighteenfold (Chen et al., 2016), with some noise or without."""
    model = chain([8, 36, 36, TEAS], nn.Tanh)
    small = weighted(filled(chain([8, 2, 2, TEAS], nn.Tanh), init.xavier_normal_))
    for place, (old, new) in enumerate(zip(small, weighted(model), strict=True)):
        assert old.bias is not None
        assert new.bias is not None
        wide = old.weight.detach().repeat(1 if place == 2 else 18, 1 if place == 0 else 18)
        new.weight.data = wide / (1 if place == 0 else 18)
        new.bias.data = old.bias.detach().repeat(1 if place == 2 else 18)
        if is_shaken:
            new.weight.data += 0.3 / wide.shape[1] ** 0.5 * torch.randn_like(wide)
    return trained(model, teas(), Adam, lr=6e-3)


def by_batch_sum() -> Job:
    """The sum of errors, not their mean, as the other framework had it, and a rate for it."""
    model = chain([9, 48, 48, 1], nn.Tanh)
    return trained(model, ballots(), SGD, summed, lr=6e-4)


def summed(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[1], reduction="sum")
