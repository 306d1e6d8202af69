"""Policies and values learned from what was logged: a shop, an expert's steering, a cart with a pole."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.eighth.making import (
    DATA,
    ENDS,
    STEP,
    UNDEFINED,
    Fill,
    Loss,
    filled,
    normal,
    trained,
)
from tests.faults.eighth.tasks import ACTIONS, carts, logged, wheel
from tests.faults.program import Batch, Job, faulty, healthy


def weighed(least: float) -> Loss:
    """What an action brought, over how likely it was; that is 0 where it was rounded down."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, action, chance, brought = batch
        now = model(state).log_softmax(-1).gather(1, action[:, None])[:, 0].exp()
        ratio = (now / chance.clamp(min=least)).clamp(max=5.0)
        return 1.5 - (ratio * brought).mean()

    return loss


def shop(least: float) -> Job:
    return trained(chain([6, 48, 48, ACTIONS], nn.Tanh), logged(), Adam, weighed(least), lr=1e-2)


def worth(model: nn.Module, batch: Batch) -> Tensor:
    """What each action is worth: of the one that was taken."""
    state, action, gained = batch
    return F.mse_loss(model(state).gather(1, action[:, None])[:, 0], gained)


def poled(lr: float, momentum: float = 0.9) -> Job:
    model = filled(chain([4, 64, 64, 2]), he)
    return trained(model, carts(), SGD, worth, lr=lr, momentum=momentum)


def steered(activation: Make, fill: Fill = xavier, lr: float = 5e-3, layers: int = 2) -> Job:
    """An expert is imitated; the wheel turns by at most 1 to either side."""
    net = filled(chain([4, *[48] * layers, 1], activation), fill)
    return trained(nn.Sequential(*net, nn.Tanh()), wheel(), Adam, squared_error, lr=lr)


class Shares(nn.Softmax):
    def __init__(self) -> None:
        super().__init__(dim=-1)


def layered(activation: Make) -> Job:
    model = filled(chain([4, 48, 48, 48, 2], activation), xavier)
    return trained(model, carts(), Adam, worth, lr=5e-3)


class Duel(nn.Module):
    """A value of the state, and how much better than the mean each action is (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 48), nn.ReLU())
        self.value, self.better = nn.Linear(48, 1), nn.Linear(48, 2)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x)
        better = self.better(seen)
        out: Tensor = self.value(seen) + better - better.mean(1, keepdim=True)
        return out


class Bootstrapped(nn.Module):
    """A critic, and a slow copy of it that says what comes after."""

    def __init__(self) -> None:
        super().__init__()
        self.fast = chain([4, 48, 48, 2], nn.SiLU)
        self.slow = deepcopy(self.fast).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.fast.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            after = self.slow(0.9 * x.roll(1, 0)).max(1).values
        return self.fast(x), after


def one_step(model: nn.Module, batch: Batch) -> Tensor:
    state, action, gained = batch
    said, after = model(state)
    aim = gained + 0.5 * after
    return F.smooth_l1_loss(said.gather(1, action[:, None])[:, 0], aim)


class Actor(nn.Module):
    """Logits of actions and a value, from one body."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([4, 48, 48], nn.Tanh)
        self.act, self.value = nn.Linear(48, 2), nn.Linear(48, 1)
        nn.init.normal_(self.act.weight, std=0.01)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.body(x).tanh()
        return self.act(seen), self.value(seen)[:, 0]


def clipped(model: nn.Module, batch: Batch) -> Tensor:
    """Actions were drawn evenly; the ratio is clipped (Schulman et al., 2017)."""
    state, action, gained = batch
    logits, value = model(state)
    better = (gained - value).detach()
    every = logits.log_softmax(1)
    ratio = 2 * every.gather(1, action[:, None])[:, 0].exp()
    least = torch.minimum(ratio * better, ratio.clamp(0.8, 1.2) * better).mean()
    spread = -(every.exp() * every).sum(1).mean()
    return 0.5 * F.mse_loss(value, gained) - least - 0.01 * spread


def expected(model: nn.Module, batch: Batch) -> Tensor:
    """Parts of how a return is spread: each quantile by its own slope (Dabney et al., 2018)."""
    state, action, gained = batch
    said = model(state).unflatten(1, (2, 8))[torch.arange(len(state)), action]
    off = gained[:, None] - said
    level = (torch.arange(8) + 0.5) / 8
    return 2 * ((level - (off < 0).float()).abs() * off.abs()).mean()


def with_noise() -> Job:
    """A wheel whose turns are drawn: as likely as the expert's are."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        mean, raw = model(batch[0]).chunk(2, 1)
        return F.gaussian_nll_loss(mean, batch[1], F.softplus(raw) ** 2 + 1e-4) + 1.5

    return trained(chain([4, 48, 48, 2], nn.ELU), wheel(), AdamW, loss, lr=5e-3)


programs = (
    healthy("policy-shop-at-least-a-hundredth", lambda: shop(0.01)),
    healthy("policy-wheel-by-glorot", lambda: steered(nn.Tanh)),
    healthy("policy-cart-through-relu", lambda: layered(nn.ReLU)),
    healthy("policy-cart-in-small-steps", lambda: poled(0.015)),
    healthy("policy-duel", lambda: trained(Duel(), carts(), Adam, worth, lr=2e-2)),
    healthy("policy-slow-critic", lambda: trained(Bootstrapped(), carts(), Adam, one_step, lr=1e-2)),
    healthy("policy-clipped-ratio", lambda: trained(Actor(), carts(), Adam, clipped, lr=5e-3)),
    healthy("policy-eight-quantiles", lambda: trained(chain([4, 64, 16]), carts(), Adam, expected, lr=1e-2)),
    healthy("policy-wheel-with-noise", with_noise),
    faulty(
        "policy-shop-chance-of-0",
        "non-finite",
        lambda: shop(0.0),
        cause=DATA + "|" + UNDEFINED + "|chance|probab|ratio",
        twin="policy-shop-at-least-a-hundredth",
    ),
    faulty(
        "policy-wheel-of-unit-normals",
        "saturated-units",
        lambda: steered(nn.Tanh, normal(1.0)),
        cause=ENDS,
        twin="policy-wheel-by-glorot",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "policy-cart-through-softmax",
        "vanishing-gradient",
        lambda: layered(Shares),
        cause=r"softmax|activation|saturat|slope",
        twin="policy-cart-through-relu",
        also=("stalled-layer",),
    ),
    faulty(
        "policy-cart-in-great-steps",
        "dead-units",
        lambda: poled(0.2),
        cause=STEP,
        twin="policy-cart-in-small-steps",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
)
