"""What is trained while it is timed: models in plain PyTorch, each with one batch and the seed 0."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 10
SEED = 0


@dataclass(frozen=True)
class Job:
    """A model and its batch."""

    name: str
    words: str
    model: Callable[[], nn.Module]
    batch: Callable[[], tuple[Tensor, Tensor]]  # inputs, classes
    compiled: bool = False

    def build(self, device: torch.device, dtype: torch.dtype = torch.float32) -> nn.Module:
        """The model with the weights of the seed, images channels-last in half precision."""
        torch.manual_seed(SEED)
        model = self.model().to(device, dtype)
        if dtype == torch.float32:
            return model
        return model.to(memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload]

    def data(self, device: torch.device, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """The batch; token numbers keep their type."""
        torch.manual_seed(SEED + 1)
        x, y = self.batch()
        x = x.to(device, dtype) if x.is_floating_point() else x.to(device)
        if dtype != torch.float32 and x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        return x, y.to(device)


def loss_of(model: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Cross entropy over the last axis, of images and of every token."""
    return F.cross_entropy(model(x).flatten(0, -2).float(), y.flatten())


def mlp(depth: int = 8, width: int = 512) -> nn.Module:
    layers = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def convolutions(layers: int = 6, channels: int = 64) -> nn.Module:
    parts: list[nn.Module] = []
    for i in range(layers):
        parts += [nn.Conv2d(3 if i == 0 else channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


class Block(nn.Module):
    """A pre-norm transformer block with causal attention and a ReLU feed-forward part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed_forward = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Attend, then feed forward."""
        batch, length, width = x.shape
        projected = self.project(self.before_attention(x)).reshape(batch, length, 3, self.heads, -1)
        q, k, v = projected.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.merge(attended.transpose(1, 2).reshape(batch, length, width))
        fed: Tensor = self.feed_forward(self.before_feed_forward(x))
        return x + fed


class Transformer(nn.Module):
    """Tokens in, the logits of every next token out."""

    def __init__(self, *, layers: int, width: int, heads: int, length: int, tokens: int) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(tokens, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, tokens)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of every next token."""
        places = torch.arange(x.shape[1], device=x.device)
        logits: Tensor = self.head(self.norm(self.blocks(self.embed(x) + self.place(places))))
        return logits


class Bottleneck(nn.Module):
    """The residual block of ResNet-50, the stride in its 3x3 convolution, ReLU in place."""

    def __init__(self, inputs: int, inner: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * inner
        self.inner = nn.Sequential(
            nn.Conv2d(inputs, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, inner, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the convolutions make of x."""
        y: Tensor = self.relu(self.inner(x) + self.shortcut(x))
        return y


def resnet(blocks: tuple[int, ...] = (3, 4, 6, 3), width: int = 64, classes: int = 1000) -> nn.Module:
    """He et al. 2016, Deep residual learning; (3, 4, 6, 3) blocks are ResNet-50."""
    parts: list[nn.Module] = [
        nn.Conv2d(3, width, 7, 2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, padding=1),
    ]
    inputs = width
    for stage, count in enumerate(blocks):
        inner = width << stage
        for i in range(count):
            parts.append(Bottleneck(inputs, inner, stride=2 if stage > 0 and i == 0 else 1))
            inputs = 4 * inner
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def vectors(batch: int, width: int) -> tuple[Tensor, Tensor]:
    return torch.randn(batch, width), torch.randint(CLASSES, (batch,))


def images(batch: int, side: int, classes: int = CLASSES) -> tuple[Tensor, Tensor]:
    return torch.randn(batch, 3, side, side), torch.randint(classes, (batch,))


def sentences(batch: int, length: int, tokens: int) -> tuple[Tensor, Tensor]:
    x = torch.randint(tokens, (batch, length + 1))
    return x[:, :-1].contiguous(), x[:, 1:].contiguous()


def transformer(**sizes: int) -> Callable[[], nn.Module]:
    return lambda: Transformer(**sizes)


CPU_JOBS = {
    job.name: job
    for job in (
        Job("mlp", "8 x 512 ReLU MLP, batch 256", mlp, lambda: vectors(256, 512)),
        Job(
            "conv",
            "six 3x3 convolutions of 64 channels, 32x32, batch 64",
            convolutions,
            lambda: images(64, 32),
        ),
        Job(
            "transformer",
            "transformer, 4 layers, width 256, ReLU, batch 16 x 128",
            transformer(layers=4, width=256, heads=4, length=128, tokens=256),
            lambda: sentences(16, 128, 256),
        ),
        Job("mlp-compiled", "the MLP under torch.compile", mlp, lambda: vectors(256, 512), compiled=True),
    )
}

GPU_JOBS = {
    job.name: job
    for job in (
        Job("resnet-50", "ResNet-50, batch 256, 224x224", resnet, lambda: images(256, 224, 1000)),
        Job(
            "transformer",
            "transformer, 12 layers, width 768, ReLU, batch 32 x 512",
            transformer(layers=12, width=768, heads=12, length=512, tokens=32768),
            lambda: sentences(32, 512, 32768),
        ),
    )
}

# The same code in sizes that a CPU runs in moments.
REHEARSAL_JOBS = {
    job.name: job
    for job in (
        Job("resnet-50", "ResNet, tiny", lambda: resnet((1, 1), 8, 10), lambda: images(4, 32)),
        Job(
            "transformer",
            "transformer, tiny",
            transformer(layers=2, width=32, heads=2, length=16, tokens=64),
            lambda: sentences(4, 16, 64),
        ),
    )
}
