"""Healthy trainings with attention that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import squared_error
from tests.faults.eighteenth.scenes import CHORDS, RUNES, STONE, choirs, harbours, runes
from tests.faults.eighth.making import Warmed, trained
from tests.faults.program import Batch, Job, healthy

WIDTH = 32


def feed() -> nn.Sequential:
    return nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))


class Carver(nn.Module):
    """Runes in, the logits of each next one out, by torch's own attention; later ones are hidden."""

    def __init__(self, dropout: float = 0.0, *, is_placed: bool = True) -> None:
        super().__init__()
        self.rune = nn.Embedding(RUNES, WIDTH)
        self.place = nn.Embedding(STONE, WIDTH) if is_placed else None
        self.look = nn.MultiheadAttention(WIDTH, 4, dropout=dropout, batch_first=True)
        self.feed, self.last = feed(), nn.Linear(WIDTH, RUNES)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))

    def later(self, length: int) -> Tensor:
        return torch.ones(length, length, dtype=torch.bool).triu(1)

    def forward(self, x: Tensor) -> Tensor:
        said = self.rune(x) if self.place is None else self.rune(x) + self.place.weight
        normed = self.norms[0](said)
        seen = self.look(normed, normed, normed, attn_mask=self.later(x.shape[1]), need_weights=False)[0]
        said = said + seen
        out: Tensor = self.last(self.norms[2](said + self.feed(self.norms[1](said))))
        return out


class Sloped(Carver):
    """Places are told only by a slope for each head on how far off one is (Press et al., 2022)."""

    def later(self, length: int) -> Tensor:
        at = torch.arange(length)
        far = (at[:, None] - at).float()
        slopes = 2.0 ** -torch.arange(1.0, 5.0)
        hidden = torch.where(far < 0, -torch.inf, -slopes[:, None, None] * far)
        return hidden.repeat(16, 1, 1)


def at_once(model: nn.Module, batch: Batch) -> Tensor:
    """Labels are smoothed, and so the loss stays high (Szegedy et al., 2016)."""
    x, y = batch
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten(), label_smoothing=0.15)


def smoothed() -> Job:
    return trained(Carver(dropout=0.1), runes(), Warmed, at_once, lr=1.2e-2, steps=20)


class Slots(nn.Module):
    """Six learned slots ask a whole chord, and not the other way round (Jaegle et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(6, WIDTH), nn.Parameter(0.3 * torch.randn(12, WIDTH))
        self.slots = nn.Parameter(torch.randn(6, WIDTH))
        self.look = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.feed, self.last = feed(), nn.Linear(WIDTH, CHORDS)

    def forward(self, x: Tensor) -> Tensor:
        heard = self.enter(x) + self.place
        slots = self.slots.expand(len(x), -1, -1)
        slots = slots + self.look(slots, heard, heard, need_weights=False)[0]
        out: Tensor = self.last((slots + self.feed(slots)).mean(1))
        return out


class Random(nn.Module):
    """Attention by positive random features of questions and answers (Choromanski et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(6, WIDTH), nn.Parameter(0.3 * torch.randn(12, WIDTH))
        self.norm, self.ask, self.mix = (
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 3 * WIDTH),
            nn.Linear(WIDTH, WIDTH),
        )
        self.feed, self.last = feed(), nn.Linear(WIDTH, CHORDS)
        self.register_buffer("ways", torch.randn(WIDTH, 48))

    def features(self, x: Tensor) -> Tensor:
        x = x / WIDTH**0.25
        return (x @ self.get_buffer("ways") - x.square().sum(-1, keepdim=True) / 2).exp() + 1e-4

    def forward(self, x: Tensor) -> Tensor:
        heard = self.enter(x) + self.place
        asked, known, given = self.ask(self.norm(heard)).chunk(3, -1)
        asked, known = self.features(asked), self.features(known)
        seen = asked @ (known.mT @ given) / (asked @ known.sum(1)[..., None])
        heard = heard + self.mix(seen)
        out: Tensor = self.last((heard + self.feed(heard)).mean(1))
        return out


class Patches(nn.Module):
    """Each harbour about its own mean and over its own deviation, in pairs of hours; both are put back."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(6, WIDTH), nn.Parameter(0.3 * torch.randn(7, WIDTH))
        self.layer = nn.TransformerEncoderLayer(WIDTH, 2, 64, 0.0, batch_first=True, norm_first=True)
        self.last = nn.Linear(7 * WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = x.mean(1, keepdim=True), x.std(1, keepdim=True) + 1e-2
        pairs = ((x - mean) / deviation).reshape(len(x), 7, 6)
        said = self.last(self.layer(self.enter(pairs) + self.place).flatten(1))
        out: Tensor = said * deviation[:, 0, :1] + mean[:, 0, :1]
        return out


programs = (
    healthy(
        "transformer-runes-slopes-for-places",
        lambda: trained(Sloped(is_placed=False), runes(), Adam, lr=8e-3),
    ),
    healthy("transformer-runes-smoothed-and-warmed", smoothed),
    healthy("transformer-choirs-six-slots-ask", lambda: trained(Slots(), choirs(), Adam, lr=1.4e-2)),
    healthy("transformer-choirs-random-features", lambda: trained(Random(), choirs(), Adam, lr=1.4e-2)),
    healthy(
        "transformer-harbours-about-their-own-means",
        lambda: trained(Patches(), harbours(), Adam, squared_error, lr=6e-3),
    ),
)
