"""Networks that act: values of actions from a fixed memory, and a driver that is imitated."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, chain, he
from tests.faults.fifth.making import INPUT, UNDEFINED, Loss, filled, trained
from tests.faults.fifth.tasks import ACTIONS, Moves, replay, steering
from tests.faults.program import Batch, Job, faulty, healthy


class Values(nn.Module):
    """What each action is worth, and a slow copy that says what comes after (Mnih et al., 2015)."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.slow = deepcopy(net).requires_grad_(False)

    def forward(self, state: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 0.02)
            later = self.slow(after).amax(1)
        return self.net(state), later


def told(model: nn.Module, batch: Batch) -> Tensor:
    state, action, reward, after = batch
    now, later = model(state, after)
    return F.mse_loss(now.gather(1, action[:, None])[:, 0], reward + 0.5 * later)


def of_values(batches: Moves, net: nn.Module, loss: Loss = told, **settings: float) -> Job:
    return trained(Values(net), batches, Adam, loss, **settings)


def of_tens(output: Make) -> Job:
    """What is brought is about 10 a move, and values end in a tanh, as actions do, or do not."""
    batches = [(state, action, 8 + 2 * reward, after) for state, action, reward, after in replay()]
    net = nn.Sequential(*chain([6, 64, ACTIONS], nn.SiLU), output())
    return of_values(batches, net, told, lr=3e-2)


def of_beams(by: float) -> Job:
    batches = [(by * state, action, reward, by * after) for state, action, reward, after in replay()]
    return of_values(batches, filled(chain([6, 48, 48, ACTIONS]), he), lr=3e-3)


class Split(nn.Module):
    """What a state is worth, and by how much each action is better than their mean (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.worth, self.better = (
            nn.Sequential(nn.Linear(6, 64), nn.ReLU()),
            nn.Linear(64, 1),
            nn.Linear(64, ACTIONS),
        )

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x)
        better = self.better(seen)
        out: Tensor = self.worth(seen) + better - better.mean(1, keepdim=True)
        return out


def cautious(model: nn.Module, batch: Batch) -> Tensor:
    """What was not done is not to seem better than what was (Kumar et al., 2020)."""
    now, _ = model(batch[0], batch[3])
    taken = now.gather(1, batch[1][:, None])[:, 0]
    return told(model, batch) + 0.3 * (now.logsumexp(1) - taken).mean()


def squashed(least: float, end: float) -> object:
    """How unlikely the driver's turn is, for a bell before a tanh (Haarnoja et al., 2018)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        mean, spread = model(batch[0]).chunk(2, 1)
        turn = batch[1].clamp(-end, end)
        before = torch.atanh(turn)
        far = ((before - mean) / spread.exp()).square() / 2 + spread
        return 2 + (far + torch.log(1 - turn.square() + least)).mean()

    return loss


def driving(end: float) -> Job:
    return trained(chain([5, 48, 48, 2]), steering(), Adam, squashed(0.0, end), lr=3e-3)  # type: ignore[arg-type]


class Whole(nn.Module):
    """An actor and a critic on one body, whose critic also learns from what the actor would do."""

    def __init__(self) -> None:
        super().__init__()
        self.actor, self.critic = nn.Sequential(*chain([5, 32, 1]), nn.Tanh()), chain([6, 48, 1])

    def forward(self, state: Tensor, turn: Tensor) -> tuple[Tensor, Tensor]:
        still = {name: p.detach() for name, p in self.critic.named_parameters()}
        mine = self.actor(state)
        judged = torch.func.functional_call(self.critic, still, torch.cat([state, mine], 1))
        return self.critic(torch.cat([state, turn], 1)), judged


def improved() -> Job:
    """The critic learns how far from the driver's turn another would have been; the actor asks the critic."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        state, turn = batch
        tried = turn + 0.6 * torch.randn_like(turn)
        said, judged = model(state, tried)
        out: Tensor = F.mse_loss(said, 4 * (tried - turn).abs()) + 0.5 * judged.mean()
        return out

    return trained(Whole(), steering(), AdamW, loss, lr=5e-3)


programs = (
    healthy("values-unbounded", lambda: of_tens(nn.Identity)),
    healthy("values-beams-on-scale", lambda: of_beams(1.0)),
    healthy("values-split", lambda: of_values(replay(), Split(), lr=5e-3)),
    healthy(
        "values-cautious", lambda: of_values(replay(), chain([6, 64, ACTIONS], nn.GELU), cautious, lr=5e-3)
    ),
    healthy("policy-turns-within-ends", lambda: driving(0.98)),
    healthy("policy-asks-the-critic", improved),
    faulty(
        "values-through-tanh",
        "saturated-units",
        lambda: of_tens(nn.Tanh),
        cause=r"target|output|range|pre-activation|during training|update|last",
        twin="values-unbounded",
        also=("vanishing-gradient",),
    ),
    faulty(
        "values-beams-in-millimetres",
        "unscaled-input",
        lambda: of_beams(1200.0),
        cause=INPUT,
        twin="values-beams-on-scale",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "policy-turns-up-to-ends",
        "non-finite",
        lambda: driving(1.0),
        cause=UNDEFINED + r"|atanh|tanh|target|batch|\bdata\b",
        twin="policy-turns-within-ends",
    ),
)
