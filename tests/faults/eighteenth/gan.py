"""Generators that make the sound of a chime from what is known of it, and judges that hear both."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Scaled, chain
from tests.faults.eighteenth.tasks import CODE, WAVE, chimes
from tests.faults.eighth.making import ENDS, STEP, Loss, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def maker() -> nn.Sequential:
    return chain([CODE, 64, WAVE], nn.SiLU)


class Hall(nn.Module):
    """A maker, and a judge that stands still where what was made is judged."""

    def __init__(self, make: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.make = make
        self.judge = judge or chain([CODE + WAVE, 48, 1], leaky)

    def still(self, x: Tensor, made: Tensor) -> Tensor:
        held = {name: value.detach() for name, value in self.judge.named_parameters()}
        out: Tensor = functional_call(self.judge, held, torch.cat([x, made], 1))
        return out

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.make(x)
        heard = [self.judge(torch.cat([x, sound], 1)) for sound in (y, made.detach())]
        return made, heard[0], heard[1], self.still(x, made)


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Least squares (Mao et al., 2017), and how far off the made sounds are."""
    made, real, fake, caught = model(*batch)
    said = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = F.l1_loss(made, batch[1]) + 0.4 * said.mean()
    return out


def played(
    hall: Hall, lr: float = 8e-3, loss: Loss = squares, judge_lr: float = 2e-3, loud: float = 1.0
) -> Job:
    """Both at rates of their own; sounds may come from a louder file."""
    groups = [
        {"params": [*hall.make.parameters()], "lr": lr},
        {"params": [*hall.judge.parameters()], "lr": judge_lr},
    ]
    return Job(hall, Adam(groups, betas=(0.5, 0.99)), [(x, loud * y) for x, y in chimes()], loss)


def bounded(*end: nn.Module, judge_lr: float = 2e-3) -> Job:
    """A maker that ends in tanh, whose ends are -1 and 1 where nothing follows it."""
    body = chain([CODE, 64, 64, 64, WAVE], nn.SiLU)
    return played(Hall(nn.Sequential(body, nn.Tanh(), *end)), 7e-3, judge_lr=judge_lr, loud=5.0)


class Sloped:
    """Wasserstein's distance whose slope between sounds is held to 1 (Gulrajani et al., 2017)."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        made, real, fake, caught = model(x, y)
        between = torch.lerp(y, made.detach(), torch.rand(len(x), 1)).requires_grad_()
        judge: nn.Module = model.judge  # type: ignore[assignment]
        slope = torch.autograd.grad(judge(torch.cat([x, between], 1)).sum(), between, create_graph=True)[0]
        held = ((slope.square().sum(1) + self.least).sqrt() - 1).square()
        said = fake.mean() - real.mean() - caught.mean()
        out: Tensor = F.l1_loss(made, y) + 0.05 * said + 0.5 * held.mean()
        return out


def sloped(least: float) -> Job:
    """The judge's last layer starts at 0, so that it takes no side at first."""
    hall = Hall(maker())
    nn.init.zeros_(hall.judge[-1].weight)  # type: ignore[index]
    return played(hall, loss=Sloped(least))


# Healthy trainings that look odd


class Balanced(Hall):
    """The judge makes sounds again; how much it minds made ones is kept even (Berthelot et al., 2017)."""

    def __init__(self) -> None:
        super().__init__(maker(), chain([CODE + WAVE, 16, WAVE], nn.SiLU))
        self.register_buffer("share", torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made, again, other, caught = super().forward(x, y)
        real = (again - y).abs().mean()
        fake, mine = (other - made.detach()).abs().mean(), (caught - made).abs().mean()
        share = self.get_buffer("share")
        now = share.clone()
        with torch.no_grad():
            share.add_(0.02 * (0.7 * real - mine)).clamp_(0, 1)
        return made, real, now * fake, mine


def balanced(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, mine = model(*batch)
    out: Tensor = F.l1_loss(made, batch[1]) + 0.3 * (real - fake + mine)
    return out


class Noisy(Hall):
    """Both kinds of sound reach the judge through noise, which goes down from step to step."""

    def __init__(self) -> None:
        super().__init__(maker())
        self.register_buffer("noise", torch.ones(()))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made, noise = self.make(x), self.get_buffer("noise")
        loud = noise.clone()
        with torch.no_grad():
            noise.mul_(0.96)
        real, fake = (sound + loud * torch.randn_like(sound) for sound in (y, made))
        heard = [self.judge(torch.cat([x, sound], 1)) for sound in (real, fake.detach())]
        return made, heard[0], heard[1], self.still(x, fake)


class Moments(nn.Module):
    """A maker alone, and a slow copy of it that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.make = maker()
        self.kept = deepcopy(self.make).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(self.kept.parameters(), self.make.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        out: Tensor = self.make(x)
        return out


def as_many(model: nn.Module, batch: Batch) -> Tensor:
    """Sounds and what is known of them, as a crowd, are to be as the real crowd is (Li et al., 2015)."""
    x, y = batch
    real, made = torch.cat([x, y / 2], 1), torch.cat([x, model(x) / 2], 1)

    def near(a: Tensor, b: Tensor) -> Tensor:
        far = torch.cdist(a, b).square() / 20
        return sum(((-far / scale).exp().mean() for scale in (0.5, 1.0, 2.0)), torch.zeros(()))

    return 4 * (near(real, real) + near(made, made) - 2 * near(real, made))


programs = (
    healthy("gan-chimes-twenty-times-tanh", lambda: bounded(Scaled(20.0))),
    healthy("gan-chimes-slope-and-a-bit", lambda: sloped(1e-4)),
    healthy("gan-chimes-kept-in-balance", lambda: played(Balanced(), loss=balanced)),
    healthy("gan-chimes-noise-that-goes-down", lambda: played(Noisy())),
    healthy("gan-chimes-crowds-alone", lambda: trained(Moments(), chimes(), Adam, as_many, lr=1e-2)),
    faulty(
        "gan-chimes-louder-than-tanh",
        "saturated-units",
        bounded,
        cause=ENDS + "|tanh|range|output|target|saturat",
        twin="gan-chimes-twenty-times-tanh",
        also=("vanishing-gradient", "stalled-layer", "unstable-updates"),
    ),
    faulty(
        "gan-chimes-judge-at-three-tenths",
        "unstable-updates",
        lambda: bounded(Scaled(20.0), judge_lr=0.3),
        cause=STEP,
        twin="gan-chimes-twenty-times-tanh",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "saturated-units"),
    ),
    faulty(
        "gan-chimes-slope-of-no-judge",
        "non-finite",
        lambda: sloped(0.0),
        cause=OPERATION + "|penalty",
        twin="gan-chimes-slope-and-a-bit",
        also=("dead-units", "vanishing-gradient", "unstable-updates"),
    ),
)
