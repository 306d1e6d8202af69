"""Denoisers of points under noise of any strength, and U-nets that find discs, of one form."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, squared_error, xavier
from tests.faults.fourth.making import INPUT, STEP, WEIGHTS, Fill, filled, normal, seen_through, trained
from tests.faults.fourth.tasks import HIDDEN_STEPS, diffused, masks
from tests.faults.program import Batch, Job, faulty, healthy


def in_units(x: Tensor) -> Tensor:
    """How many steps of noise there were, as deviations from the middle."""
    return torch.cat([x[:, :2], (x[:, 2:] / HIDDEN_STEPS - 0.5) * 12**0.5], 1)


def denoising(*, is_scaled: bool, lr: float = 5e-3) -> Job:
    batches = seen_through(in_units, diffused()) if is_scaled else list(diffused())
    return trained(chain([3, 64, 64, 2]), batches, AdamW, squared_error, lr=lr)


def soft(fill: Fill) -> Job:
    """Seven layers with an activation of slow ends, filled in some way."""
    model = filled(chain([3, *[40] * 7, 2], nn.Softsign), fill)
    return trained(model, seen_through(in_units, diffused()), Adam, squared_error, lr=3e-3)


class Modulated(nn.Module):
    """Waves of the step scale and shift each layer, which begins as if they did not (Peebles & Xie, 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(2, 48), nn.Linear(48, 2)
        self.inner = nn.ModuleList(chain([48, 64, 48], nn.SiLU) for _ in range(2))
        self.shape = nn.ModuleList(nn.Linear(16, 3 * 48) for _ in range(2))
        for layer in (*self.shape, self.leave):
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        at = x[:, 2:] / HIDDEN_STEPS * torch.pi * 2.0 ** torch.arange(8.0).sub(2)
        waves, x = torch.cat([at.sin(), at.cos()], 1), self.enter(x[:, :2])
        for inner, shape in zip(self.inner, self.shape, strict=True):
            scale, shift, share = shape(waves).chunk(3, 1)
            x = x + share * inner(F.layer_norm(x, (48,)) * (1 + scale) + shift)
        out: Tensor = self.leave(x)
        return out


class Found(nn.Module):
    """Down once and up once, with the finer image handed over (Ronneberger et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.up, self.last = nn.ConvTranspose2d(12, 8, 2, 2), nn.Conv2d(16, 1, 3, padding=1)
        self.one, self.two = nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        fine = self.one(self.fine(x))
        coarse = self.two(self.coarse(F.max_pool2d(fine, 2)))
        out: Tensor = self.last(torch.cat([F.leaky_relu(self.up(coarse), 0.1), fine], 1))[:, 0]
        return out


def told(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def overlap(model: nn.Module, batch: Batch) -> Tensor:
    """One minus the share of overlap (Milletari et al., 2016), of chances by a sigmoid, and their loss."""
    chance, inside = model(batch[0]).sigmoid().flatten(1), batch[1].flatten(1)
    out: Tensor = 1 - ((2 * (chance * inside).sum(1) + 1) / (chance.sum(1) + inside.sum(1) + 1)).mean()
    return out + told(model, batch)


def found(kind: type = SGD, batches: list[Batch] | None = None, **settings: float) -> Job:
    return trained(Found(), batches or list(masks()), kind, told, **settings)


def bytes_of(x: Tensor) -> Tensor:
    return (x * 50 + 70).round().clamp(0, 255)


def by_part(rate: float) -> Job:
    """The way down at a rate of its own."""
    model = Found()
    for layer in (model.fine, model.coarse):
        nn.init.normal_(layer.weight, std=0.05)
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    down = [*model.fine.parameters(), *model.coarse.parameters()]
    up = [*model.up.parameters(), *model.last.parameters()]
    groups: list[dict[str, Any]] = [{"params": down, "lr": rate}, {"params": up}]
    return Job(model, Adam(groups, lr=5e-3), list(masks()), told)


programs = (
    healthy("denoiser-step-in-units", lambda: denoising(is_scaled=True)),
    healthy("denoiser-seven-layers", lambda: soft(lambda weight: xavier(weight, 1.5))),
    healthy("denoiser-modulated", lambda: trained(Modulated(), diffused(), Adam, squared_error, lr=3e-3)),
    healthy("unet-discs", lambda: found(lr=0.1, momentum=0.9)),
    healthy("unet-one-rate", lambda: by_part(5e-3)),
    healthy("unet-overlap", lambda: trained(Found(), masks(), Adam, overlap, lr=1e-2)),
    faulty(
        "denoiser-step-as-counted",
        "unscaled-input",
        lambda: denoising(is_scaled=False),
        cause=INPUT,
        twin="denoiser-step-in-units",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "denoiser-deviation-of-one-in-twenty",
        "vanishing-gradient",
        lambda: soft(normal(0.05)),
        cause=WEIGHTS,
        twin="denoiser-seven-layers",
        also=("stalled-layer",),
    ),
    faulty(
        "denoiser-rate-of-one",
        "dead-units",
        lambda: denoising(is_scaled=True, lr=1.0),
        cause=STEP,
        twin="denoiser-step-in-units",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "unet-discs-in-bytes",
        "unscaled-input",
        lambda: found(batches=seen_through(bytes_of, masks()), lr=0.1, momentum=0.9),
        cause=INPUT,
        twin="unet-discs",
        also=("dead-units", "non-finite", "unstable-updates"),
    ),
    faulty(
        "unet-rate-of-sixty",
        "dead-units",
        lambda: found(lr=60.0, momentum=0.9),
        cause=STEP,
        twin="unet-discs",
        also=("unstable-updates", "non-finite", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "unet-rate-of-a-billionth",
        "stalled-layer",
        lambda: by_part(5e-9),
        cause="learning rate|\\blr\\b|group",
        twin="unet-one-rate",
    ),
)
