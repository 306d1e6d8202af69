"""Networks of others, as they are initialised, raise no alarm about their signals."""

from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

import relume
from relume.diagnosis.rules import rules

from .architectures import ARCHITECTURES, Architecture, loss_of

SIGNALS = ("vanishing-gradient", "exploding-gradient", "exploding-activation", "saturated-units")
BATCHES, EXAMPLES = 5, 16  # 80 examples: enough for all but saturation, which is looked at in smaller tests


def larger(batch: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """As many examples as the rules need, of what the network takes."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(EXAMPLES, *given.shape[1:], generator=generator)
        if given.is_floating_point()
        else torch.randint(2, 50, (EXAMPLES, *given.shape[1:]), generator=generator)
        for name, given in batch.items()
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_an_untrained_network_of_others_is_healthy(architecture: Architecture) -> None:
    if find_spec(architecture.library) is None:
        pytest.skip(f"{architecture.library} is not installed")
    model = architecture.build()
    with relume.watch(model) as watch:
        for seed in range(BATCHES):
            loss_of(model(**larger(architecture.batch(seed), seed))).backward()
    readings = watch.readings()
    diagnosis = relume.diagnose(readings, rules=[rules[name] for name in SIGNALS])
    assert diagnosis.is_healthy, str(diagnosis)
    assert diagnosis.examples >= 64
