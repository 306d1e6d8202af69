"""Networks that are chosen or made by networks: experts, and layers whose weights are told by another."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain
from tests.faults.eighth.making import ALIKE, CUT, GROWTH, Loss, trained
from tests.faults.eighth.tasks import machines
from tests.faults.program import Batch, Job, faulty, healthy

EXPERTS, WIDTH = 4, 12


class Experts(nn.Module):
    """Some networks side by side, whose answers count as a gate says, in shares or all or nothing."""

    def __init__(self, *, is_hard: bool = False, kept: int = EXPERTS) -> None:
        super().__init__()
        self.gate, self.first = nn.Linear(10, EXPERTS), nn.Linear(10, EXPERTS * WIDTH)
        self.last = nn.Linear(EXPERTS * WIDTH, 1)
        self.is_hard, self.kept = is_hard, kept

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.gate(x)
        weights = scores.softmax(1)
        if self.kept < EXPERTS:
            least = scores.topk(self.kept, 1).values[:, -1:]
            weights = scores.masked_fill(scores < least, -torch.inf).softmax(1)
        if self.is_hard:
            weights = F.one_hot(scores.argmax(1), EXPERTS).float()
        said = torch.tanh(self.first(x)).unflatten(1, (EXPERTS, WIDTH))
        out: Tensor = self.last((2 * weights[..., None] * said).flatten(1))
        return out, scores.softmax(1).mean(0)


def chosen(model: nn.Module, batch: Batch) -> Tensor:
    x, _, y = batch
    return F.mse_loss(model(x)[0], y)


def balanced(model: nn.Module, batch: Batch) -> Tensor:
    """All experts are to be asked about as often (Shazeer et al., 2017)."""
    x, _, y = batch
    said, shares = model(x)
    return F.mse_loss(said, y) + 0.1 * EXPERTS * shares.square().sum()


class Copies(nn.Module):
    """Experts of one unit each, in a mean; each was drawn for itself, or is a copy of the first."""

    def __init__(self, *, is_copied: bool) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(10, 24), nn.Linear(24, 24), nn.Linear(24, 1)
        if is_copied:
            with torch.no_grad():
                for layer in (self.first, self.second):
                    layer.weight.copy_(layer.weight[:1].expand_as(layer.weight).clone())
                    layer.bias.copy_(layer.bias[:1].expand_as(layer.bias).clone())
                self.second.weight.copy_(self.second.weight[:, :1].expand(24, 24).clone())
                self.last.weight.copy_(self.last.weight[:, :1].expand(1, 24).clone())

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.tanh(self.second(torch.tanh(self.first(x)))))
        return out


def plain(model: nn.Module, batch: Batch) -> Tensor:
    x, _, y = batch
    return F.mse_loss(model(x), y)


class Told(nn.Module):
    """The code of a machine tells the weights of the layers that see its settings (Ha et al., 2017)."""

    def __init__(self, scale: float, *, is_noted: bool = True) -> None:
        super().__init__()
        self.tell, self.scale, self.is_noted = chain([6, 32, 4 * WIDTH + WIDTH]), scale, is_noted
        self.own, self.last = nn.Linear(4, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        code, settings = x.split([6, 4], 1)
        told = self.scale * self.tell(code)
        told = told if self.is_noted else nn.Parameter(told.data)
        weight, bias = told[:, : 4 * WIDTH].unflatten(1, (WIDTH, 4)), told[:, 4 * WIDTH :]
        seen = torch.tanh((weight @ settings[..., None])[..., 0] + bias + self.own(settings))
        out: Tensor = self.last(seen)
        return out


class Tower(nn.Module):
    """Layers in a row, each stretched by what a network says of the code, about 1 or as it comes."""

    def __init__(self, strength: float, layers: int = 6) -> None:
        super().__init__()
        self.tell, self.enter = nn.Linear(6, layers), nn.Linear(4, 24)
        self.layers, self.last = nn.ModuleList(nn.Linear(24, 24) for _ in range(layers)), nn.Linear(24, 1)
        self.own, self.strength = nn.Linear(6, 24), strength
        for layer in self.layers:
            nn.init.orthogonal_(layer.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        code, settings = x.split([6, 4], 1)
        stretch = (self.strength * self.tell(code)).exp()
        seen = self.enter(settings) + self.own(code)
        for place, layer in enumerate(self.layers):
            seen = F.leaky_relu(stretch[:, place : place + 1] * layer(seen), 0.2)
        out: Tensor = self.last(seen)
        return out


def made(model: nn.Module, loss: Loss = plain, lr: float = 2e-2, kind: type = Adam) -> Job:
    return trained(model, machines(), kind, loss, lr=lr)


class Tree(nn.Module):
    """Gates share an example out over eight leaves (Frosst & Hinton, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.gates, self.leaves = nn.Linear(10, 7), nn.Linear(10, 8)

    def forward(self, x: Tensor) -> Tensor:
        right, share = self.gates(x).sigmoid(), x.new_ones(len(x), 1)
        for depth in range(3):
            turn = right[:, 2**depth - 1 : 2 ** (depth + 1) - 1]
            share = torch.stack([share * (1 - turn), share * turn], -1).flatten(1)
        out: Tensor = (share * self.leaves(x)).sum(1, keepdim=True)
        return out


programs = (
    healthy("experts-weighed-softly", lambda: made(Experts(), chosen)),
    healthy("experts-each-drawn", lambda: made(Copies(is_copied=False))),
    healthy("hyper-weights-noted", lambda: made(Told(0.5))),
    healthy("hyper-stretched-a-little", lambda: made(Tower(0.2), lr=1e-2)),
    healthy("experts-two-of-four", lambda: made(Experts(kept=2), balanced)),
    healthy("experts-soft-tree", lambda: made(Tree(), lr=3e-2, kind=AdamW)),
    healthy("hyper-tells-small-weights", lambda: made(Told(0.1), lr=1e-2)),
    faulty(
        "experts-chosen-by-argmax",
        "stalled-layer",
        lambda: made(Experts(is_hard=True), chosen),
        cause=CUT + "|argmax|one_hot|straight",
        twin="experts-weighed-softly",
        also=("vanishing-gradient",),
    ),
    faulty(
        "experts-copies-of-the-first",
        "symmetric-units",
        lambda: made(Copies(is_copied=True)),
        cause=ALIKE,
        twin="experts-each-drawn",
    ),
    faulty(
        "hyper-weights-by-data",
        "stalled-layer",
        lambda: made(Told(0.5, is_noted=False)),
        cause=CUT + r"|\.data|Parameter",
        twin="hyper-weights-noted",
        also=("vanishing-gradient",),
    ),
    faulty(
        "hyper-stretched-by-far",
        "exploding-gradient",
        lambda: made(Tower(4.0), lr=1e-2),
        cause=GROWTH + "|exp|stretch|multipl|scale",
        twin="hyper-stretched-a-little",
        also=("exploding-activation", "unstable-updates", "non-finite"),
    ),
)
