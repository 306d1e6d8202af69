"""Multilayer perceptrons: faults of what goes in, of growth and of biases."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, NAdam

from tests.faults.building import Make, chain, he, squared_error, weighted, xavier
from tests.faults.fourth.making import GROWTH, INPUT, filled, seen_through, trained
from tests.faults.fourth.tasks import patients, spirals, waves_of
from tests.faults.program import Job, faulty
from tests.faults.tasks import Pairs


class Squared(nn.Module):
    """The square of what is above 0 (So et al., 2021)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()


def of_squares(norm: Make) -> Job:
    """Four layers whose units are squared, after a normalisation or after none."""
    model = filled(chain([6, *[32] * 4, 1], Squared, between=[norm]), he)
    return trained(model, waves_of(), Adam, squared_error, lr=5e-3)


def of_patients(batches: Pairs) -> Job:
    return trained(filled(chain([10, 48, 48, 1]), he), batches, AdamW, squared_error, lr=2e-3)


def unmatched(x: Tensor) -> Tensor:
    """What a join leaves if no key is found: every number is missing, and filled in by the mean."""
    return torch.zeros_like(x)


def of_biases(deviation: float) -> Job:
    """Biases of hidden layers drawn as if they were weights, but of another deviation."""
    model = filled(chain([2, 32, 32, 3], nn.Tanh), xavier)
    for layer in weighted(model)[:-1]:
        assert layer.bias is not None
        nn.init.normal_(layer.bias, std=deviation)
    return trained(model, spirals(), NAdam, lr=1e-2)


programs = (
    faulty(
        "mlp-squares-without-norm",
        "exploding-activation",
        lambda: of_squares(nn.Identity),
        cause=GROWTH + "|squar|power|quadrat",
        twin="mlp-squares-normalised",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "mlp-blood-as-measured",
        "unscaled-input",
        lambda: of_patients(patients(is_standardised=False)),
        cause=INPUT,
        twin="mlp-blood-standardised",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-join-without-a-match",
        "dead-units",
        lambda: of_patients(list(seen_through(unmatched, patients()))),
        cause="same for every example|constant|do(es)? not (vary|differ|change)|input.*(0|zero)",
        twin="mlp-blood-standardised",
        also=("unscaled-input", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-biases-of-deviation-eight",
        "saturated-units",
        lambda: of_biases(8.0),
        cause="bias",
        twin="mlp-biases-near-0",
        also=("vanishing-gradient",),
    ),
)
