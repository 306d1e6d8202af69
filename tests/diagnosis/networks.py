"""Small networks to train, faulty and healthy, and a task that can be learned."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.types import Problem

CLASSES, FEATURES = 4, 32


def data(shape: tuple[int, ...] = (FEATURES,), *, count: int = 640) -> list[tuple[Tensor, Tensor]]:
    """Batches of 64 of a task that can be learned: the class is the largest of the first features."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, *shape, generator=generator)
    y = x.flatten(1)[:, :CLASSES].argmax(1)
    return list(zip(x.split(64), y.split(64), strict=True))


def deep(
    activation: Callable[[], nn.Module], *, depth: int = 20, width: int = 64, scale: float | None = None
) -> nn.Sequential:
    """A perceptron by nn.Linear's default, or normal weights of `scale` times He's standard deviation."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for place in range(depth):
        layers += [nn.Linear(width if place else FEATURES, width), activation()]
    model = nn.Sequential(*layers, nn.Linear(width, CLASSES))
    if scale is not None:
        for layer in model:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=scale * (2 / layer.in_features) ** 0.5)
                nn.init.zeros_(layer.bias)
    return model


def enlarged(model: nn.Sequential, factor: float) -> nn.Sequential:
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, nn.Linear):
                layer.weight.mul_(factor)
    return model


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.norm2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm2.weight)  # the branch begins at 0

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class Excitation(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(channels, 4), nn.Linear(4, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class Pooled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True, norm_first=True)
        self.embed, self.head = nn.Linear(4, 16), nn.Linear(16, CLASSES)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x)).mean(1))


def convolutional() -> nn.Module:
    def stage(entering: int, leaving: int) -> list[nn.Module]:
        return [nn.Conv2d(entering, leaving, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(*stage(3, 16), *stage(16, 32), Pooled(), nn.Linear(32, CLASSES))


def residual() -> nn.Module:
    stem = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()
    return nn.Sequential(*stem, *[Block(16) for _ in range(6)], Pooled(), nn.Linear(16, CLASSES))


def excited() -> nn.Module:
    parts = [part for _ in range(3) for part in (Block(16), Excitation(16))]
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), *parts, Pooled(), nn.Linear(16, CLASSES))


IMAGE = (3, 8, 8)
FAULTY: list[tuple[str, Callable[[], nn.Module], Problem, str]] = [
    ("sigmoid", lambda: deep(nn.Sigmoid), "vanishing-gradient", "replace-activation"),
    ("relu", lambda: deep(nn.ReLU), "vanishing-gradient", "variance-preserving-initialisation"),
    (
        "he times 3",
        lambda: deep(nn.ReLU, scale=3.0),
        "exploding-activation",
        "variance-preserving-initialisation",
    ),
    (
        "saturated tanh",
        lambda: enlarged(deep(nn.Tanh, depth=5), 20.0),
        "saturated-units",
        "variance-preserving-initialisation",
    ),
]
HEALTHY: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "three layers": (lambda: deep(nn.ReLU, depth=3), (FEATURES,)),
    "He": (lambda: deep(nn.ReLU, scale=1.0), (FEATURES,)),
    "three layers of tanh": (lambda: deep(nn.Tanh, depth=3), (FEATURES,)),
    "two layers of sigmoid": (lambda: deep(nn.Sigmoid, depth=2), (FEATURES,)),
    "convolutional": (convolutional, IMAGE),
    "residual": (residual, IMAGE),
    "squeeze and excitation": (excited, IMAGE),
    "transformer": (Transformer, (8, 4)),
}
