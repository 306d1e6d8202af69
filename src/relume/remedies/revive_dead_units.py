"""Units that do next to nothing begin anew, without changing what the network computes."""

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.remedies.anatomy import anatomy_of
from relume.remedies.drawing import drawn, new_generator, preserving_deviation, trainable
from relume.remedies.optimisers import forget
from relume.remedies.parts import Product
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Patient
from relume.types import Finding

# A unit is dormant below a tenth of its layer's mean: better than 0 and 0.025 in Sokar et al., section 5.
TAU = 0.1


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Redraw dormant units' incoming weights, zero their outgoing ones, and forget their moments."""
    products = anatomy_of(patient, batches=len(patient.batches)).products
    dormant = {product: dormant_units(product) for product in products if _may_die(product)}
    dormant = {product: units for product, units in dormant.items() if bool(units.any())}
    parameters, generator = trainable(patient.model), new_generator()
    revived = layers = 0
    for product, units in dormant.items():
        weight = parameters.get(product.weight)
        if weight is None or weight.shape[0] != len(units):  # a transposed convolution
            continue
        weight[units] = drawn(weight, preserving_deviation(product), generator)[units]
        forget(patient.optimizer, weight, (units,))
        if product.bias in parameters:
            parameters[product.bias][units] = 0
            forget(patient.optimizer, parameters[product.bias], (units,))
        revived, layers = revived + int(units.sum()), layers + 1
    for product, units in dormant.items():
        _silence(patient, product, units, dormant, parameters)
    return f"{revived} units of {layers} layers drawn anew" if revived else ""


def dormant_units(product: Product) -> Tensor:
    """[units] Whether s_i = E|h_i| / mean_k E|h_k| is at most tau; all of them where nothing fires at all."""
    magnitude = product.magnitude
    assert magnitude is not None
    return (magnitude <= TAU * magnitude.mean()).cpu()


def _may_die(product: Product) -> bool:
    """Whether a product feeds a rectifier: a small value of another activation says nothing of its slope."""
    if product.activation is None or product.magnitude is None:
        return False
    region = activations[product.activation.name].zero_region
    return region is not None and region[0] == float("-inf")


def _silence(
    patient: Patient,
    product: Product,
    units: Tensor,
    dormant: dict[Product, Tensor],
    parameters: dict[str, nn.Parameter],
) -> None:
    """Zero what living units take from revived ones, so that the network computes what it did.

    Only where it is plain which weights those are: one layer takes these units, and nothing else does.
    """
    if product.has_other_consumers or len(product.consumers) != 1:
        return
    consumer = product.consumers[0]
    weight = parameters.get(consumer.weight)
    if weight is None or weight.shape[0] != consumer.units or weight.shape[1] % len(units):
        return
    # Behind a flattening, each channel is as many features in a row as it has places.
    columns = units.repeat_interleave(weight.shape[1] // len(units))
    # A unit that is revived itself has nothing to keep, and needs something to hear.
    rows = ~dormant.get(consumer, torch.zeros(consumer.units, dtype=torch.bool))
    outgoing = (rows.nonzero(), columns.nonzero().T)
    weight[outgoing] = 0
    forget(patient.optimizer, weight, outgoing)


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Redraw the incoming weights of the dead units at {lines_of(finding)}, with bias 0, set their "
        "outgoing weights "
        "to 0, and zero the optimiser's moments of just these; lower the learning rate if they die again."
    )


revive_dead_units = Remedy(
    name="revive-dead-units",
    apply=apply,
    changes=frozenset({"model", "optimizer"}),
    stage="weights",
    meaning="redraws the incoming weights of rectifier units with E|h_i| / mean_k E|h_k| of at most 0.1 over "
    "the "
    "batches, zeroes their outgoing weights, and resets the optimiser's moments of just these",
    advice=advice,
    citation="Sokar, Agarwal, Castro & Evci (2023), The dormant neuron phenomenon in deep reinforcement "
    "learning, "
    "ICML, algorithm 1 (ReDo)",
)
