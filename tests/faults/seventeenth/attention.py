"""What the transformers over poems and radio waves are made of."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import Make
from tests.faults.seventeenth.sequences import LINE, SIGNALS, WORDS

WIDTH, HEADS = 32, 4


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Look(nn.Module):
    """Each looks at those before it, or at all: by softmax, or by products alone, over their sum or not."""

    def __init__(self, way: str = "softmax", *, is_causal: bool = True) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.way, self.is_causal = way, is_causal

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        if self.way == "softmax":
            found = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        else:
            scores = ((F.elu(q) + 1) @ (F.elu(k) + 1).mT).tril()
            scores = scores / scores.sum(-1, keepdim=True) if self.way == "shares" else scores
            found = scores @ v
        out: Tensor = self.mix(found.transpose(1, 2).flatten(2))
        return out


class Layer(nn.Module):
    """A look and two linear layers, with norms before both or none."""

    def __init__(self, look: nn.Module | None = None, activation: Make = nn.GELU, norm: Make = norm) -> None:
        super().__init__()
        self.look = look or Look()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(norm() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.look(self.norms[0](x))
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Poet(nn.Module):
    """Words in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, words: int = WORDS) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(words, WIDTH), nn.Parameter(0.3 * torch.randn(LINE, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, WORDS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.word(x) + self.place))
        return out


class Hearer(nn.Module):
    """Steps of a wave in, how it was modulated out; the mean over all steps is read."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(2, WIDTH), nn.Parameter(0.2 * torch.randn(16, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, SIGNALS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.enter(x) + self.place).mean(1))
        return out


class Turned(nn.Module):
    """Questions and keys are turned by their places (Su et al., 2021); both are made of length one."""

    cos: Tensor
    sin: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH)
        angle = torch.arange(LINE)[:, None] / 30 ** (torch.arange(4) / 4)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())
        self.sharp = nn.Parameter(torch.tensor(6.0))

    def turn(self, x: Tensor) -> Tensor:
        one, other = F.normalize(x, dim=-1).chunk(2, -1)
        return torch.cat([one * self.cos - other * self.sin, one * self.sin + other * self.cos], -1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.ask(x).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        scores = self.sharp * self.turn(q) @ self.turn(k).mT
        scores = scores.masked_fill(torch.ones(LINE, LINE, dtype=torch.bool).triu(1), -math.inf)
        out: Tensor = self.mix((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        return out


class Asked(nn.Module):
    """A vector of its own, which starts at 0, asks all steps what to read."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.who = nn.Linear(8, WIDTH), nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.look = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.place, self.last = nn.Parameter(0.2 * torch.randn(4, WIDTH)), nn.Linear(WIDTH, SIGNALS)

    def forward(self, x: Tensor) -> Tensor:
        steps = F.gelu(self.enter(x.reshape(len(x), 4, 8)) + self.place)
        out: Tensor = self.last(self.look(self.who.expand(len(x), 1, WIDTH), steps, steps)[0][:, 0])
        return out


class Squared(nn.Module):
    """The square of what is above 0 (So et al., 2021)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()
