"""Networks that begin with an embedding of whole numbers."""

import torch
from torch import Tensor, nn

from tests.faults.building import Detached, Make, adam, biased, chain, cross_entropy, initialised
from tests.faults.program import Job, faulty, healthy
from tests.faults.tasks import CLASSES, documents

WORDS, WIDTH = 200, 32


class Documents(nn.Module):
    """The mean of the words' vectors, then a few layers."""

    def __init__(self, activation: Make = nn.ReLU, std: float = 1.0) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.pass_on: nn.Module = nn.Identity()
        self.inner = initialised(chain([WIDTH, WIDTH, WIDTH, CLASSES], activation))
        nn.init.normal_(self.embed.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(self.pass_on(self.embed(x)).mean(1) * 4)
        return out


def net(activation: Make = nn.ReLU, std: float = 1.0, lr: float = 5e-3) -> Job:
    model = Documents(activation, std)
    return Job(model, adam(model, lr), documents(), cross_entropy)


def dead() -> Job:
    job = net()
    assert isinstance(job.model, Documents)
    biased(job.model.inner, -10, [0])
    return job


def constant() -> Job:
    job = net()
    assert isinstance(job.model, Documents)

    def fill(weight: Tensor) -> None:
        nn.init.constant_(weight, 0.1)

    initialised(job.model.inner, fill, fill)
    return job


def bag() -> Job:
    """Summed and averaged by PyTorch's own module."""
    model = nn.Sequential(nn.EmbeddingBag(WORDS, WIDTH), *chain([WIDTH, WIDTH, CLASSES]))
    return Job(model, adam(model, 1e-2), documents(), cross_entropy)


def pretrained() -> Job:
    """Vectors that stay as they were given."""
    job = net()
    assert isinstance(job.model, Documents)
    job.model.embed.weight.requires_grad_(False)
    return Job(job.model, adam(job.model, 5e-3), job.batches, job.loss)


def small_vectors(*, is_detached: bool) -> Job:
    """Vectors that hardly differ at first, so that the embedding has to learn."""
    job = net(std=0.01, lr=1e-2)
    assert isinstance(job.model, Documents)
    if is_detached:
        job.model.pass_on = Detached()
    return job


def sparse() -> Job:
    """Only the words of a batch get a gradient."""
    model = Documents()
    model.embed.sparse = True
    return Job(model, torch.optim.SGD(model.parameters(), lr=0.3), documents(), cross_entropy)


programs = (
    healthy("embedding-rare-words", net),
    healthy("embedding-tanh", lambda: net(nn.Tanh)),
    healthy("embedding-bag", bag),
    healthy("embedding-pretrained", pretrained),
    healthy("embedding-small-vectors", lambda: small_vectors(is_detached=False)),
    healthy("embedding-sparse-gradients", sparse),
    faulty(
        "embedding-saturated",
        "saturated-units",
        lambda: net(nn.Tanh, std=50),
        cause="weight|embed|scale|variance|initial",
        twin="embedding-tanh",
    ),
    faulty("embedding-dead-bias", "dead-units", dead, cause="bias", twin="embedding-rare-words"),
    faulty(
        "embedding-constant-weights",
        "symmetric-units",
        constant,
        cause="same|constant|equal|identical",
        twin="embedding-rare-words",
    ),
    faulty(
        "embedding-adam-rate-1",
        "unstable-updates",
        lambda: net(lr=1.0),
        cause="learning rate|too large",
        twin="embedding-rare-words",
        also=("dead-units",),
    ),
    faulty(
        "embedding-detached",
        "stalled-layer",
        lambda: small_vectors(is_detached=True),
        cause="detach|cut",
        twin="embedding-small-vectors",
        also=("vanishing-gradient",),
    ),
)
