"""Healthy trainings over pictures and sequences that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, squared_error
from tests.faults.eighth.making import trained
from tests.faults.program import Job, healthy
from tests.faults.sixteenth.scenes import (
    BANDS,
    CHAIN,
    FOLDS,
    POPULATIONS,
    RESIDUES,
    STITCHES,
    knits,
    motifs,
    proteins,
    tolls,
    whales,
)

WIDTH = 32


class Thin(nn.Module):
    """A filter for each channel, then one point for all, with hard bends (Howard et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, 16, 3, stride=2)
        self.alone = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1, groups=16) for _ in range(3))
        self.mixed = nn.ModuleList(nn.Conv2d(16, 16, 1) for _ in range(3))
        self.last = nn.Linear(64, STITCHES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for alone, mixed in zip(self.alone, self.mixed, strict=True):
            x = x + mixed(F.hardswish(alone(x)))
        out: Tensor = self.last(F.adaptive_avg_pool2d(x, 2).flatten(1))
        return out


class Turned(nn.Module):
    """One filter in four directions, of which the greatest is kept (Cohen & Welling, 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList([torch.randn(12, i, 3, 3) / (4.5 * i) ** 0.5 for i in (1, 12)])
        self.last = nn.Linear(48, STITCHES)

    def forward(self, x: Tensor) -> Tensor:
        for weight in self.weights:
            seen = [F.conv2d(x, torch.rot90(weight, turn, (2, 3)), padding=1) for turn in range(4)]
            x = F.avg_pool2d(torch.stack(seen).amax(0).relu(), 2)
        out: Tensor = self.last(F.adaptive_avg_pool2d(x, 2).flatten(1))
        return out


class Faint(nn.Module):
    """A branch whose channels start at thousandths (Touvron et al., 2021)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alone, self.norm = nn.Conv2d(width, width, 3, padding=1, groups=width), nn.GroupNorm(1, width)
        self.rest = nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.GELU(), nn.Conv2d(2 * width, width, 1))
        self.faint = nn.Parameter(torch.full((width, 1, 1), 1e-3))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.faint * self.rest(self.norm(self.alone(x)))
        return out


def faint() -> Job:
    blocks = [Faint(16) for _ in range(3)]
    model = nn.Sequential(
        nn.Conv2d(1, 16, 2, stride=2), *blocks, nn.GELU(), nn.Flatten(), nn.Linear(400, STITCHES)
    )
    return trained(model, knits(), AdamW, lr=8e-3)


class Rotary(nn.Module):
    """Attention whose questions and keys are turned by where they are (Su et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate, self.up, self.down = (
            nn.Linear(*size, bias=False) for size in ((32, 48), (32, 48), (48, 32))
        )
        self.norms = nn.ModuleList(nn.RMSNorm(WIDTH) for _ in range(2))
        angle = torch.arange(CHAIN)[:, None] * 50 ** -(torch.arange(4) / 4)
        self.register_buffer("turn", torch.polar(torch.ones_like(angle), angle))

    def turned(self, x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], 4, 2))
        return torch.view_as_real(pairs * self.turn).flatten(-2)  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        ask, key, value = self.ask(self.norms[0](x)).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(self.turned(ask), self.turned(key), value, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).flatten(2))
        y = self.norms[1](x)
        out: Tensor = x + self.down(F.silu(self.gate(y)) * self.up(y))
        return out


class Waved(nn.Module):
    """Residues that are mixed by a transform of Fourier, which has no weights (Lee-Thorp et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = chain([WIDTH, 64, WIDTH], nn.GELU)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.norms[0](x + torch.fft.fft2(x).real)
        out: Tensor = self.norms[1](x + self.feed(x))
        return out


class Chain(nn.Module):
    """Residues in, logits out of each; a layer may be gone through more than once."""

    def __init__(self, *layers: nn.Module, outputs: int, times: int = 1) -> None:
        super().__init__()
        self.residue, self.last = nn.Embedding(RESIDUES, WIDTH), nn.Linear(WIDTH, outputs)
        self.layers, self.times = nn.Sequential(*layers), times

    def forward(self, x: Tensor) -> Tensor:
        said = self.residue(x)
        for _ in range(self.times):
            said = self.layers(said)
        out: Tensor = self.last(said)
        return out


class Quasi(nn.Module):
    """Gates and news by a convolution in time; only a blend goes on by steps (Bradbury et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.last = nn.Conv1d(3, 3 * WIDTH, 2), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        new, keep, read = self.look(x.mT).chunk(3, 1)
        state = x.new_zeros(len(x), WIDTH)
        for place in range(new.shape[-1]):
            state = torch.lerp(new[..., place].tanh(), state, keep[..., place].sigmoid())
        out: Tensor = self.last(read[..., -1].sigmoid() * state)
        return out


class Alone(nn.Module):
    """Each unit hears only itself of the step before, by a factor of its own (Li et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(BANDS, 64), nn.Linear(64, POPULATIONS)
        self.deep, self.own = nn.Linear(64, 64), nn.Parameter(0.5 + 0.5 * torch.rand(2, 64))

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.new_zeros(2, len(x), 64)
        for place in range(x.shape[1]):
            low = (self.enter(x[:, place]) + self.own[0] * low).relu()
            high = (self.deep(low) + self.own[1] * high).relu()
        out: Tensor = self.last(high / x.shape[1])
        return out


programs = (
    healthy("cnn-knits-thin-and-hard-bent", lambda: trained(Thin(), knits(), Adam, lr=7e-3)),
    healthy("cnn-knits-filters-in-four-directions", lambda: trained(Turned(), knits(), Adam, lr=1e-2)),
    healthy("residual-knits-branches-of-thousandths", faint),
    healthy(
        "transformer-motifs-turned-by-place",
        lambda: trained(Chain(Rotary(), Rotary(), outputs=RESIDUES), motifs(), Adam, lr=6e-3),
    ),
    healthy(
        "transformer-motifs-one-layer-three-times",
        lambda: trained(Chain(Rotary(), outputs=RESIDUES, times=3), motifs(), Adam, lr=5e-3),
    ),
    healthy(
        "transformer-proteins-mixed-by-waves",
        lambda: trained(Chain(Waved(), Waved(), outputs=FOLDS), proteins(), Adam, lr=5e-3),
    ),
    healthy(
        "recurrent-tolls-gates-by-convolution",
        lambda: trained(Quasi(), tolls(), Adam, squared_error, lr=1e-2),
    ),
    healthy("recurrent-whales-each-hears-itself", lambda: trained(Alone(), whales(), Adam, lr=8e-3)),
)
