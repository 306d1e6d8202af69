"""A normalisation between a layer and its activation holds the signal at unit variance."""

import math

from torch import nn

from relume.remedies.anatomy import anatomy_of
from relume.remedies.batches import values_of
from relume.remedies.optimisers import also_train
from relume.remedies.parts import Product
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Patient
from relume.types import Finding

# Exactly these: what is derived from them, or wraps them, may use their weights in ways of its own.
BATCH_NORMS = {nn.Conv1d: nn.BatchNorm1d, nn.Conv2d: nn.BatchNorm2d, nn.Conv3d: nn.BatchNorm3d}
FEWEST_EXAMPLES = 8  # below, a batch's mean says little of the data's: Wu & He (2018), figure 1
GROUPS = 32  # Wu & He (2018), section 4


def apply(patient: Patient, finding: Finding) -> str:
    """Put one behind every layer that feeds an activation and is not normalised already."""
    inserted, parameters = [], dict(patient.model.named_parameters())
    for product in anatomy_of(patient).products:
        layer = patient.model.get_submodule(product.owner)
        if product.activation is None or product.is_normalised or not product.owner:
            continue
        if product.weight != f"{product.owner}.weight" or type(layer) not in (nn.Linear, *BATCH_NORMS):
            continue
        weight = parameters[product.weight]
        norm = _norm_for(layer, product, patient)
        norm.to(weight.device, weight.dtype).train(layer.training)
        _wrap(patient.model, layer, norm)
        also_train(patient.optimizer, norm.parameters(), like=weight)
        inserted.append(type(norm).__name__)
    counts = (f"{inserted.count(name)} {name}" for name in dict.fromkeys(inserted))
    return f"{', '.join(counts)} between layers and their activations" if inserted else ""


def _norm_for(layer: nn.Module, product: Product, patient: Patient) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return nn.LayerNorm(product.units)
    if _examples_in(patient) < FEWEST_EXAMPLES:
        return nn.GroupNorm(math.gcd(product.units, GROUPS), product.units)
    return BATCH_NORMS[type(layer)](product.units)  # type: ignore[index]


def _examples_in(patient: Patient) -> int:
    return next((len(value) for value in values_of(patient.batches[0]) if getattr(value, "ndim", 0)), 0)


def _wrap(model: nn.Module, layer: nn.Module, norm: nn.Module) -> None:
    """Put nn.Sequential(layer, norm) wherever the layer is registered."""
    pair = nn.Sequential(layer, norm).train(layer.training)
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child is layer and parent is not pair:
                parent._modules[name] = pair


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Put a normalisation between each layer and its activation: nn.BatchNorm2d(channels) behind a "
        "convolution, "
        f"nn.LayerNorm(features) behind nn.Linear: {lines_of(finding)}."
    )


insert_normalisation = Remedy(
    name="insert-normalisation",
    apply=apply,
    changes=frozenset({"model", "optimizer"}),  # which has to train the new parameters too
    stage="structure",
    meaning="puts LayerNorm behind linear layers and BatchNorm behind convolutions (GroupNorm for batches "
    "below 8) "
    "that feed an activation",
    advice=advice,
    citation="Ioffe & Szegedy (2015), Batch normalization; Ba, Kiros & Hinton (2016), Layer normalization; "
    "Wu & He (2018), Group normalization",
)
