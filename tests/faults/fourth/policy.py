"""Policies and their critics, trained on what was done before."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import Make, chain
from tests.faults.fourth.making import ALIKE, WEIGHTS, Loss, trained, weighted
from tests.faults.fourth.tasks import ACTIONS, choices
from tests.faults.program import Batch, Job, faulty, healthy


class Both(nn.Module):
    """What to do, as logits, and what it will bring, from one body."""

    def __init__(self, activation: Make = nn.Tanh) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 32), activation(), nn.Linear(32, 32), activation())
        self.actor, self.critic = nn.Linear(32, ACTIONS), nn.Linear(32, ACTIONS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return self.actor(x), self.critic(x)


def worth(values: Tensor, action: Tensor, brought: Tensor) -> Tensor:
    return F.mse_loss(values.gather(1, action[:, None])[:, 0], brought)


def clipped(model: nn.Module, batch: Batch) -> Tensor:
    """Ratios of chances to those of a policy that took all actions alike, clipped (Schulman et al., 2017)."""
    state, action, brought, _ = batch
    logits, values = model(state)
    gain = (brought - brought.mean()) / (brought.std() + 1e-6)
    ratio = ACTIONS * logits.softmax(-1).gather(1, action[:, None])[:, 0]
    better = torch.minimum(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
    return worth(values, action, brought) - 0.1 * better


def of_allowed(*, is_by_hand: bool) -> Loss:
    """Only what is allowed has a chance; varied choices are rewarded, and a chance of 0 has no logarithm."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, action, brought, allowed = batch
        logits, values = model(state)
        logits = logits.masked_fill(~allowed, -torch.inf if is_by_hand else -1e4)
        chances = logits.softmax(-1)
        varied = (
            -(chances * chances.log()).sum(-1) if is_by_hand else -(chances * logits.log_softmax(-1)).sum(-1)
        )
        imitated = F.nll_loss(logits.log_softmax(-1), action)
        out: Tensor = worth(values, action, brought) + 0.1 * imitated - 0.02 * varied.mean()
        return out

    return loss


def weighed(safe: float) -> Loss:
    """Actions weighed by how much better they were than the rest, in deviations of the batch."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, action, brought, _ = batch
        logits, values = model(state)
        gain = (brought - brought.mean()) / (brought.std() + safe)
        said = -(gain.clamp(min=0) * logits.log_softmax(-1).gather(1, action[:, None])[:, 0]).mean()
        out: Tensor = worth(values, action, brought) + 0.1 * said
        return out

    return loss


def some_unrewarded() -> list[Batch]:
    """In two batches nothing was brought by anything, as when all episodes were cut off."""
    found: list[Batch] = list(choices())
    for place in (11, 37):
        state, action, brought, allowed = found[place]
        found[place] = (state, action, torch.zeros_like(brought), allowed)
    return found


def orthogonal(gain: float) -> Job:
    """The body orthogonal times a gain, and the ends small, as is usual for policies."""
    model = Both()
    for layer in weighted(model):
        small = layer in (model.actor, model.critic)
        nn.init.orthogonal_(layer.weight, gain=0.3 if small else gain)
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return trained(model, choices(), Adam, clipped, lr=5e-3)


def from_zero(*, is_all: bool) -> Job:
    """All actions are to have one chance at the start: the ends are 0, or everything is."""
    model = Both(nn.SiLU)
    for layer in weighted(model):
        if is_all or layer in (model.actor, model.critic):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return trained(model, choices(), AdamW, clipped, lr=5e-3)


class Bounded(nn.Module):
    """An action by tanh of a noisy number, whose noise is learned too (Haarnoja et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.squash = chain([6, 32, 2]), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        mean, spread = self.body(x).chunk(2, 1)
        noisy = mean + spread.clamp(-3, 0.5).exp() * torch.randn_like(mean)
        out: Tensor = self.squash(noisy)[:, 0]
        return out


def bounded() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, _, brought, _ = batch
        out: Tensor = (model(state) - brought.tanh()).square().mean()
        return out

    return trained(Bounded(), choices(), Adam, loss, lr=1e-2)


class Slow(nn.Module):
    """A critic that aims at what a slow copy of itself expects next (Mnih et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.fast, self.slow = chain([6, 48, ACTIONS]), chain([6, 48, ACTIONS]).requires_grad_(False)
        self.slow.load_state_dict(self.fast.state_dict())

    def forward(self, state: Tensor, later: Tensor) -> tuple[Tensor, Tensor]:
        if self.training:
            with torch.no_grad():
                for old, new in zip(self.slow.parameters(), self.fast.parameters(), strict=True):
                    old.lerp_(new, 0.1)
        return self.fast(state), self.slow(later).amax(1).detach()


def slow() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, action, brought, _ = batch
        values, later = model(state, state.roll(1, 0))
        return worth(values, action, brought + 0.5 * later)

    return trained(Slow(), choices(), RMSprop, loss, lr=2e-3)


programs = (
    healthy("policy-clipped", lambda: orthogonal(2**0.5)),
    healthy("policy-ends-from-zero", lambda: from_zero(is_all=False)),
    healthy(
        "policy-entropy-of-logits",
        lambda: trained(Both(), choices(), Adam, of_allowed(is_by_hand=False), lr=1e-2),
    ),
    healthy(
        "policy-deviation-above-0",
        lambda: trained(Both(nn.ELU), some_unrewarded(), AdamW, weighed(1e-3), lr=5e-3),
    ),
    healthy("policy-bounded-action", bounded),
    healthy("policy-slow-aim", slow),
    faulty(
        "policy-orthogonal-gain-of-twenty",
        "saturated-units",
        lambda: orthogonal(20.0),
        cause=WEIGHTS,
        twin="policy-clipped",
        also=("vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "policy-all-from-zero",
        "symmetric-units",
        lambda: from_zero(is_all=True),
        cause=ALIKE,
        twin="policy-ends-from-zero",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "policy-entropy-by-chances",
        "non-finite",
        lambda: trained(Both(), choices(), Adam, of_allowed(is_by_hand=True), lr=1e-2),
        cause="loss|\\blog",
        twin="policy-entropy-of-logits",
    ),
    faulty(
        "policy-deviation-of-nothing",
        "non-finite",
        lambda: trained(Both(nn.ELU), some_unrewarded(), AdamW, weighed(0.0), lr=5e-3),
        cause="loss|divi|deviation|\\bstd\\b|0/0|undefined|batch|target|data",
        twin="policy-deviation-above-0",
    ),
)
