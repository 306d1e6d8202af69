"""Small transformers that guess the next token of a Markov chain."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import Detached, Make, adam, cross_entropy, he
from tests.faults.program import Job, faulty, healthy
from tests.faults.tasks import LENGTH, TOKENS, markov

WIDTH, HEADS = 32, 2


class Block(nn.Module):
    """Causal attention, then a feed-forward part, each behind a normalisation."""

    def __init__(self, activation: Make, norm: Make) -> None:
        super().__init__()
        self.before_attention, self.before_feed_forward = norm(), norm()
        self.project, self.merge = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.activation, self.down = nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        projected = self.project(self.before_attention(x)).reshape(*x.shape[:2], 3, HEADS, -1)
        q, k, v = projected.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.merge(attended.transpose(1, 2).reshape(x.shape))
        fed: Tensor = self.down(self.activation(self.up(self.before_feed_forward(x))))
        return x + fed


class Transformer(nn.Module):
    """Tokens in, the logits of every next token out."""

    def __init__(self, layers: int, activation: Make, norm: Make) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(TOKENS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.after_embedding: nn.Module = nn.Identity()
        self.blocks = nn.Sequential(*(Block(activation, norm) for _ in range(layers)))
        self.norm, self.head = norm(), nn.Linear(WIDTH, TOKENS)
        self.pooler: nn.Module | None = None

    def forward(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[1])
        x = self.after_embedding(self.embed(x) + self.place(places))
        logits: Tensor = self.head(self.norm(self.blocks(x)))
        return logits


class Gated(nn.Module):
    """SiLU of one half times the other, then back to the width."""

    def __init__(self) -> None:
        super().__init__()
        self.back = nn.Linear(32, 64)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        out: Tensor = self.back(F.silu(gate) * up)
        return out


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


def net(
    layers: int = 2, activation: Make = nn.GELU, norm: Make = layer_norm, lr: float = 3e-3
) -> tuple[Transformer, Job]:
    model = Transformer(layers, activation, norm)
    return model, Job(model, adam(model, lr), markov(), cross_entropy)


def with_pooler() -> Job:
    """A pooler that a pretrained checkpoint brought along and this loss does not use."""
    model = Transformer(2, nn.GELU, layer_norm)
    model.pooler = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())
    return Job(model, adam(model, 3e-3), markov(), cross_entropy)


def without_norm() -> Job:
    model = Transformer(8, nn.ReLU, nn.Identity)
    for block in model.blocks:
        for layer in block.children():
            if isinstance(layer, nn.Linear):
                he(layer.weight)
    return Job(model, adam(model, 3e-3), markov(), cross_entropy)


def with_norm() -> Job:
    return net(8, nn.ReLU)[1]


def stalled_embedding(*, is_detached: bool) -> Job:
    """Tokens that begin nearly alike, so that their vectors have to be learned."""
    model, _ = net()
    nn.init.normal_(model.embed.weight, std=0.01)
    with torch.no_grad():
        model.embed.weight[:, 2:] = 0
    if is_detached:
        model.after_embedding = Detached()
    return Job(model, adam(model, 5e-3), markov(), cross_entropy)


def masked(value: float) -> Job:
    """A mask added to the logits by hand; minus infinity in a whole row is not a number after softmax."""
    model, job = net()
    model.head = nn.Sequential(model.head, Masked(value))
    return job


class Masked(nn.Module):
    """Forbids the tokens of a mask; in one case of each batch that is all of them."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, logits: Tensor) -> Tensor:
        mask = torch.zeros_like(logits)
        mask[0, 0] = self.value
        return torch.softmax(logits + mask, dim=-1).clamp(min=1e-8).log()


programs = (
    healthy("transformer-gelu", lambda: net()[1]),
    healthy("transformer-relu", lambda: net(activation=nn.ReLU)[1]),
    healthy("transformer-deep", with_norm),
    healthy("transformer-gated", lambda: net(activation=Gated)[1]),
    healthy("transformer-unused-pooler", with_pooler),
    healthy("transformer-learned-embedding", lambda: stalled_embedding(is_detached=False)),
    healthy("transformer-masked", lambda: masked(-1e4)),
    faulty(
        "transformer-without-norm",
        "exploding-activation",
        without_norm,
        cause="without normalisation|weights are too large",
        twin="transformer-deep",
        also=("exploding-gradient",),
    ),
    faulty(
        "transformer-masked-row",
        "non-finite",
        lambda: masked(-torch.inf),
        cause="behind the last site|softmax",
        twin="transformer-masked",
    ),
    faulty(
        "transformer-adam-rate-1",
        "unstable-updates",
        lambda: net(lr=1.0)[1],
        cause="learning rate|too large",
        twin="transformer-gelu",
    ),
    faulty(
        "transformer-detached-embedding",
        "stalled-layer",
        lambda: stalled_embedding(is_detached=True),
        cause="detach|cut",
        twin="transformer-learned-embedding",
        also=("vanishing-gradient",),
    ),
)
