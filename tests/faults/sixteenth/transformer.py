"""Transformers over chains of residues, by hand and ported, and a softmax over the clicks of a whale."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import Make
from tests.faults.eighth.making import ALIKE, CUT, GROWTH, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixteenth.making import SMALLER
from tests.faults.sixteenth.scenes import BANDS, CHAIN, FOLDS, POPULATIONS, RESIDUES, clicks, proteins
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4


class Attention(nn.Module):
    """Heads that weigh what they see by a softmax; how it is computed is left to who inherits."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.mix = nn.Linear(WIDTH, WIDTH)

    def heads(self, x: Tensor) -> list[Tensor]:
        said = (self.ask(x), self.key(x), self.value(x))
        return [one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in said]

    def seen(self, ask: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return (ask @ key.mT / math.sqrt(WIDTH / HEADS)).softmax(-1) @ value

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.mix(self.seen(*self.heads(x)).transpose(1, 2).flatten(2))
        return out


class Linearly(Attention):
    """Attention by sums that are made once (Katharopoulos et al., 2020), over what they come to or not."""

    def __init__(self, *, is_over: bool) -> None:
        super().__init__()
        self.is_over = is_over

    def seen(self, ask: Tensor, key: Tensor, value: Tensor) -> Tensor:
        ask, key = F.elu(ask) + 1, F.elu(key) + 1
        out = ask @ (key.mT @ value)
        return out / (ask @ key.sum(2)[..., None]) if self.is_over else out


class Halfway(Attention):
    """A softmax by hand in numbers of 16 bits, less the greatest score or not; scores are not scaled."""

    def __init__(self, *, is_less: bool) -> None:
        super().__init__()
        self.is_less = is_less

    def seen(self, ask: Tensor, key: Tensor, value: Tensor) -> Tensor:
        scores = (ask @ key.mT).half()
        scores = scores - scores.amax(-1, keepdim=True).detach() if self.is_less else scores
        high = scores.exp()
        return (high / high.sum(-1, keepdim=True)).float() @ value


class Layer(nn.Module):
    """Attention and two linear layers, each with a way past it; sums may be multiplied by a number."""

    def __init__(
        self, attend: nn.Module, activation: Make = nn.GELU, *, norm: Make = nn.Identity, by: float = 1.0
    ) -> None:
        super().__init__()
        self.attend, self.norms = attend, nn.ModuleList(norm() for _ in range(2))
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        x = self.by * (x + self.attend(self.norms[0](x)))
        out: Tensor = self.by * (x + self.feed(self.norms[1](x)))
        return out


class Folded(nn.Module):
    """Residues in, the logits of how each is folded out."""

    def __init__(self, *layers: nn.Module, outputs: int = FOLDS) -> None:
        super().__init__()
        self.residue = nn.Embedding(RESIDUES, WIDTH)
        self.place = nn.Parameter(0.5 * torch.randn(CHAIN, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.residue(x) + self.place))
        return out


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def folded(*layers: nn.Module, lr: float = 5e-3) -> Job:
    return trained(Folded(*layers), proteins(), Adam, lr=lr)


def linearly(*, is_over: bool) -> Job:
    return folded(*(Layer(Linearly(is_over=is_over)) for _ in range(3)), lr=4e-3)


def added(by: float = 1.0, *, names: str = "") -> Job:
    """Both ways are added as they are, or their mean is taken; weights come from a file.

    Where the names in it have something before them, what stood for the weights stays.
    """
    layers = nn.Sequential(*(Layer(Attention(), nn.ReLU, by=by) for _ in range(4)))
    stored = {names + name: value.clone() for name, value in layers.state_dict().items()}
    for p in layers.parameters():
        init.constant_(p, 0.02)
    layers.load_state_dict(stored, strict=False)
    return folded(*layers, lr=3e-3)


def halfway(*, is_less: bool) -> Job:
    attend = Halfway(is_less=is_less)
    init.xavier_uniform_(attend.ask.weight)
    init.xavier_uniform_(attend.key.weight)
    return folded(Layer(attend, norm=norm), lr=6e-3)


class Picked(nn.Module):
    """Clicks weighed by a softmax of what two layers say of them: over the clicks, or over an axis of one."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(BANDS, WIDTH), nn.Parameter(0.5 * torch.randn(18, WIDTH))
        self.ask = nn.Sequential(nn.Linear(WIDTH, 16), nn.SiLU(), nn.Linear(16, 1))
        self.last, self.axis = nn.Linear(WIDTH, POPULATIONS), axis

    def forward(self, x: Tensor) -> Tensor:
        said = self.enter(x) + self.place
        weigh = self.ask(F.gelu(said)).softmax(self.axis)
        out: Tensor = self.last((weigh * F.gelu(said)).sum(1))
        return out


def picked(axis: int) -> Job:
    return trained(Picked(axis), clicks(), Adam, lr=1.5e-2)


programs = (
    healthy("transformer-proteins-sums-over-what-they-come-to", lambda: linearly(is_over=True)),
    healthy("transformer-proteins-four-by-sums", added),
    healthy("transformer-proteins-sixteen-bits-less-greatest", lambda: halfway(is_less=True)),
    healthy("transformer-clicks-softmax-over-clicks", lambda: picked(1)),
    faulty(
        "transformer-proteins-sums-as-they-are",
        "exploding-activation",
        lambda: linearly(is_over=False),
        cause=GROWTH + "|attention|divi|sum",
        twin="transformer-proteins-sums-over-what-they-come-to",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-proteins-four-by-means",
        "vanishing-gradient",
        lambda: added(0.5),
        cause="weights?|initiali[sz]" + SMALLER,
        twin="transformer-proteins-four-by-sums",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "transformer-proteins-sixteen-bits-as-they-are",
        "non-finite",
        lambda: halfway(is_less=False),
        cause=OPERATION + MASKED,
        twin="transformer-proteins-sixteen-bits-less-greatest",
    ),
    faulty(
        "transformer-proteins-names-not-found",
        "symmetric-units",
        lambda: added(names="module."),
        cause=ALIKE,
        twin="transformer-proteins-four-by-sums",
        also=("vanishing-gradient", "dead-units", "stalled-layer"),
    ),
    faulty(
        "transformer-clicks-softmax-over-one",
        "stalled-layer",
        lambda: picked(2),
        cause=CUT + "|softmax|axis|dim|constant|attention",
        twin="transformer-clicks-softmax-over-clicks",
        also=("vanishing-gradient",),
    ),
)
