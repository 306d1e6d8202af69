"""Twenty small networks, as different as what people train, each with a batch to train on."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class Case:
    """A network, and what it is trained on."""

    build: Callable[[], nn.Module]
    shape: tuple[int, ...]  # of a batch
    is_one_graph: bool = True  # torch.compile makes one graph of it
    has_activations: bool = True


class Functions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        one, two, three, four, five, six = self.layers
        x = torch.clamp(three(torch.tanh(two(F.relu(one(x))))), min=0)
        return six(F.softplus(five(four(x).sigmoid())))


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(8, 12), nn.Linear(12, 12), nn.Linear(12, 4)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.one(x))
        x = torch.tanh_(self.two(x)).mul(2)
        return self.three(x.relu_())


class Residual(nn.Module):
    """Convolutions around which the input is added in place, as in torchvision's ResNet."""

    def __init__(self, *, norm: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4) if norm else nn.Identity()
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.first(x)))
        y = self.second(x)
        y += x
        return self.head(self.act(y).mean((2, 3)))


class Reused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.three(self.act(self.two(self.act(self.one(x)))))


class Block(nn.Module):
    """A transformer's block with GELU, and a gate with SiLU."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.up, self.down, self.gate = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 16)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.down(self.act(self.up(x)) * F.silu(self.gate(x)))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head, self.out = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.head(self.lstm(x)[0][:, -1])))


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.tower(x) * self.tower(-x)


class Heads(nn.Module):
    """One trunk, two heads, of which the second is returned beside the first, or by name."""

    def __init__(self, *, named: bool) -> None:
        super().__init__()
        self.trunk, self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 2), nn.Linear(8, 3)
        self.named = named

    def forward(self, x: Tensor) -> dict[str, Tensor] | tuple[Tensor, Tensor]:
        x = F.leaky_relu(self.trunk(x), 0.1)
        one, two = self.one(x), F.hardtanh(self.two(x))
        return {"one": one, "two": two} if self.named else (one, two)


class Tied(nn.Module):
    """Encodes and decodes with the same weights."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.decode.weight = self.encode.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(F.elu(self.encode(x)))


class Checkpointed(nn.Module):
    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.inner = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 8), nn.Sigmoid())
        self.out = nn.Linear(8, 2)
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        x = F.mish(self.first(x))
        return self.out(checkpoint(self.inner, x, use_reentrant=self.reentrant))


class Depthwise(nn.Module):
    """One-dimensional, over channels last, one filter a channel."""

    def __init__(self) -> None:
        super().__init__()
        self.widen, self.depth = nn.Conv1d(2, 8, 1), nn.Conv1d(8, 8, 3, padding=1, groups=8)
        self.out = nn.Conv1d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.widen(x))
        return self.out(F.hardswish(self.depth(x)))


class ConvNeXt(nn.Module):
    """Depthwise convolution, then linear layers over the channels, which lie last for as long."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depth = nn.Conv2d(2, 6, 2, 2), nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.norm, self.up, self.act, self.down = (
            nn.LayerNorm(6),
            nn.Linear(6, 12),
            nn.GELU(),
            nn.Linear(12, 6),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        y = self.down(self.act(self.up(self.norm(self.depth(x).permute(0, 2, 3, 1)))))
        return x + y.permute(0, 3, 1, 2)


class Transposed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(2, 4, 2, 2), nn.ConvTranspose2d(4, 2, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.up(F.softsign(self.down(x))))


def _mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))


def _with_dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 4), nn.RReLU())


def _gates() -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, 8), nn.PReLU(8), nn.Linear(8, 8), nn.GLU(), nn.Linear(4, 2), nn.Hardtanh()
    )


def _encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


IMAGE, FLAT, SEQUENCE = (4, 2, 6, 6), (4, 8), (4, 5, 8)

CASES: dict[str, Case] = {
    "mlp": Case(_mlp, FLAT),
    "functions": Case(Functions, FLAT),
    "in place": Case(InPlace, FLAT),
    "residual": Case(lambda: Residual(norm=False), IMAGE),
    "batch norm": Case(lambda: Residual(norm=True), IMAGE),
    "dropout": Case(_with_dropout, FLAT),
    "reused": Case(Reused, FLAT),
    "block": Case(Block, SEQUENCE),
    "encoder": Case(_encoder, SEQUENCE),
    "recurrent": Case(Recurrent, (4, 5, 4), is_one_graph=False),
    "siamese": Case(Siamese, FLAT),
    "dict": Case(lambda: Heads(named=True), FLAT),
    "tuple": Case(lambda: Heads(named=False), FLAT),
    "tied": Case(Tied, FLAT),
    "checkpoint": Case(lambda: Checkpointed(reentrant=False), FLAT),
    "reentrant": Case(lambda: Checkpointed(reentrant=True), FLAT, is_one_graph=False),
    "gates": Case(_gates, FLAT),
    "depthwise": Case(Depthwise, (4, 2, 6)),
    "convnext": Case(ConvNeXt, IMAGE),
    "transposed": Case(Transposed, IMAGE),
    "linear": Case(lambda: nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2)), FLAT, has_activations=False),
}


def batch_of(case: Case, seed: int) -> Tensor:
    return torch.randn(case.shape, generator=torch.Generator().manual_seed(seed))


def loss_of(output: object) -> Tensor:
    """The mean square distance from 1 of every tensor that a network returned."""
    if isinstance(output, Tensor):
        return (output.float() - 1).square().mean()
    parts = output.values() if isinstance(output, dict) else output
    return torch.stack([loss_of(part) for part in parts]).sum()  # type: ignore[attr-defined]
