"""Graph networks that tell the traffic at crossings from what is said there and next to them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import squared_error, xavier
from tests.faults.eighth.making import DATA, GROWTH, INPUT, UNDEFINED, filled, trained
from tests.faults.eighth.tasks import streets, traffic
from tests.faults.program import Job, faulty, healthy

INPUTS, WIDTH = 6, 24


class Hop(nn.Module):
    """What the neighbours say, by fixed weights, beside what a crossing says itself."""

    def __init__(self, inputs: int, by: Tensor) -> None:
        super().__init__()
        self.own, self.near = nn.Linear(inputs, WIDTH), nn.Linear(inputs, WIDTH, bias=False)
        self.register_buffer("by", by)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.own(x) + self.near(self.by @ x)  # type: ignore[operator]
        return out


def means() -> Tensor:
    joined = streets()
    return joined / joined.sum(1, keepdim=True).clamp(min=1)


def even(least: float) -> Tensor:
    """Divided by the roots of both degrees (Kipf & Welling, 2017), of which some are 0."""
    joined = streets()
    roots = joined.sum(1).clamp(min=least).rsqrt()
    return roots[:, None] * joined * roots


def hops(by: Tensor, count: int = 2, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    parts: list[nn.Module] = []
    for place in range(count):
        parts += [Hop(WIDTH if place else INPUTS, by), activation()]
    return nn.Sequential(*parts, nn.Linear(WIDTH, 1))


def six(by: Tensor) -> Job:
    """Six hops over sums of neighbours, or over their means."""
    model = filled(hops(by, 6, nn.ELU), lambda weight: xavier(weight, 0.8))
    return trained(model, traffic(), Adam, squared_error, lr=5e-3)


def told(model: nn.Module, lr: float = 1e-2, *, in_metres: bool = False) -> Job:
    return trained(model, traffic(in_metres=in_metres), Adam, squared_error, lr=lr)


def negative(bias: float) -> Job:
    model = filled(hops(means()), nn.init.xavier_normal_)
    for layer in model:
        if isinstance(layer, Hop):
            nn.init.constant_(layer.own.bias, bias)
    return told(model)


def deep() -> Job:
    return told(filled(hops(means(), 6, nn.Tanh), nn.init.xavier_normal_), 5e-3)


class Attended(nn.Module):
    """Neighbours are weighed by what both say (Veličković et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.tell, self.from_it, self.to_it = (
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, 1),
            nn.Linear(WIDTH, 1),
        )
        self.register_buffer("joined", (streets() + torch.eye(len(streets()))).bool())

    def forward(self, x: Tensor) -> Tensor:
        said = self.tell(x)
        scores = F.leaky_relu(self.from_it(said) + self.to_it(said).transpose(-1, -2), 0.2)
        weights = scores.masked_fill(~self.joined, -torch.inf).softmax(-1)  # type: ignore[operator]
        return x + F.elu(weights @ said)


class Greatest(nn.Module):
    """Of all neighbours the greatest in each number (Hamilton, Ying & Leskovec, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.leave = nn.Linear(INPUTS, WIDTH), nn.Linear(INPUTS + WIDTH, WIDTH)
        self.register_buffer("joined", streets().bool())

    def forward(self, x: Tensor) -> Tensor:
        told = self.pool(x).relu()
        near = told[None].where(self.joined[..., None], torch.zeros(())).max(1).values  # type: ignore[index]
        out: Tensor = self.leave(torch.cat([x, near], 1)).relu()
        return out


class Spread(nn.Module):
    """Layers first, then what they say is spread over ten hops (Gasteiger et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.own = nn.Sequential(nn.Linear(INPUTS, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, WIDTH))
        self.leave = nn.Linear(2 * WIDTH, 1)
        self.register_buffer("by", means())

    def forward(self, x: Tensor) -> Tensor:
        first = spread = self.own(x)
        for _ in range(10):
            spread = 0.7 * self.by @ spread + 0.3 * first  # type: ignore[operator]
        out: Tensor = self.leave(torch.cat([first, spread], 1))
        return out


def attended() -> Job:
    model = nn.Sequential(nn.Linear(INPUTS, WIDTH), nn.ELU(), Attended(), Attended(), nn.Linear(WIDTH, 1))
    return trained(model, traffic(), AdamW, squared_error, lr=1e-2)


programs = (
    healthy("graph-traffic-on-scale", lambda: told(hops(means()))),
    healthy("graph-six-means", lambda: six(means())),
    healthy("graph-degree-at-least-one", lambda: told(hops(even(1.0), 2, nn.Tanh))),
    healthy("graph-bias-of-0", lambda: negative(0.0)),
    healthy("graph-six-tanh-by-glorot", deep),
    healthy("graph-streets-attended", attended),
    healthy("graph-greatest-neighbour", lambda: told(nn.Sequential(Greatest(), nn.Linear(WIDTH, 1)))),
    healthy("graph-spread-afterwards", lambda: told(Spread())),
    faulty(
        "graph-traffic-in-metres",
        "unscaled-input",
        lambda: told(hops(means()), in_metres=True),
        cause=INPUT + "|offset|mean",
        twin="graph-traffic-on-scale",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "graph-six-sums",
        "exploding-activation",
        lambda: six(streets()),
        cause=GROWTH + "|sum|degree|neighbour|aggregat",
        twin="graph-six-means",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "graph-degree-of-0",
        "non-finite",
        lambda: told(hops(even(0.0), 2, nn.Tanh)),
        cause=DATA + "|" + UNDEFINED + "|degree|buffer|constant",
        twin="graph-degree-at-least-one",
    ),
    faulty(
        "graph-bias-of-minus-four",
        "dead-units",
        lambda: negative(-4.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="graph-bias-of-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
