"""Networks that read a picture of a flat and numbers about it together."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import chain
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import LEFT_OUT
from tests.faults.sixth.tasks import listings


class Both(nn.Module):
    """A network for numbers, one for the picture, and a head over what both say."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = chain([5, 24, 8])
        self.picture = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 2, 3, 2, 1), nn.Flatten()
        )
        self.head = chain([16, 24, 1])

    def forward(self, numbers: Tensor, picture: Tensor) -> Tensor:
        said = torch.cat([self.numbers(numbers), self.picture(picture)], 1)
        out: Tensor = self.head(said)
        return out


def price(model: nn.Module, batch: Batch) -> Tensor:
    numbers, picture, y = batch
    return nn.functional.mse_loss(model(numbers, picture), y)


def by_parts(*names: str, rate_of_numbers: float = 1e-2) -> Job:
    """The optimiser is given the parts by their names, each in a group of its own."""
    model = Both()
    at = {"numbers": rate_of_numbers, "picture": 1e-2, "head": 1e-2}
    groups = [{"params": [*getattr(model, name).parameters()], "lr": at[name]} for name in names]
    return Job(model, Adam(groups), listings(), price)


def dropped() -> Job:
    """Pictures are missing for one flat in three, and then are 0."""
    batches = [(a, b.clone(), y) for a, b, y in listings()]
    for _, picture, _ in batches:
        picture[::3] = 0
    model = Both()
    return Job(model, SGD(model.parameters(), lr=0.05, momentum=0.9), batches, price)


programs = (
    healthy("fusion-all-parts", lambda: by_parts("numbers", "picture", "head")),
    healthy("fusion-pictures-missing", dropped),
    faulty(
        "fusion-numbers-left-out",
        "stalled-layer",
        lambda: by_parts("picture", "head"),
        cause=LEFT_OUT,
        twin="fusion-all-parts",
    ),
    faulty(
        "fusion-numbers-at-rate-zero",
        "stalled-layer",
        lambda: by_parts("numbers", "picture", "head", rate_of_numbers=0.0),
        cause=r"learning rate|\blr\b|\brate\b|group",
        twin="fusion-all-parts",
    ),
)
