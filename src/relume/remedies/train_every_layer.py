"""Layers that the optimiser forgot, or holds at a learning rate of 0, are trained like the others."""

from torch import Tensor, nn

from relume.remedies.optimisers import also_train
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

FAR_BELOW = 1e-2  # of the largest rate: layer-wise decay, as it is used for fine-tuning, ends above


def apply(patient: Patient, finding: Finding) -> str:
    """Give what the finding names, and what is in the same modules, the usual learning rate."""
    owners = {name.rpartition(".")[0] for name in finding.parameters}
    freed = _freed(patient.model, owners)
    wanted = {
        name: parameter
        for name, parameter in patient.model.named_parameters()
        if name in freed or (name.rpartition(".")[0] in owners and parameter.requires_grad)
    }
    optimizer = patient.optimizer
    rate, changed = max(float(group["lr"]) for group in optimizer.param_groups), list[str]()
    if not wanted or not rate > 0:
        return ""
    for group in optimizer.param_groups:
        held = _names_of(wanted, group["params"])
        if held and float(group["lr"]) < FAR_BELOW * rate:
            group["lr"] = group["lr"] * 0 + rate  # in its own type: a captured graph holds it as a tensor
            changed += held
    everything = [held for group in optimizer.param_groups for held in group["params"]]
    forgotten = [name for name in wanted if name not in _names_of(wanted, everything)]
    if forgotten:
        usual = max(optimizer.param_groups, key=lambda group: float(group["lr"]))
        also_train(optimizer, [wanted[name] for name in forgotten], like=usual["params"][0])
    trained = list(dict.fromkeys([*changed, *forgotten, *freed]))
    return f"{len(trained)} parameters ({trained[0]} first) trained at {rate:.3g}" if trained else ""


def _freed(model: nn.Module, owners: set[str]) -> list[str]:
    """Let frozen factors learn that are 0, in modules around these: what they multiply stays 0."""
    around = {".".join(owner.split(".")[:end]) for owner in owners for end in range(owner.count(".") + 1)}
    frozen = [(name, p) for name, p in model.named_parameters() if not p.requires_grad and not bool(p.any())]
    held = [(name, p) for name, p in frozen if name.rpartition(".")[0] in around]
    for _, parameter in held:
        parameter.requires_grad_(True)
    return [name for name, _ in held]


def _names_of(wanted: dict[str, nn.Parameter], held: list[Tensor]) -> list[str]:
    ids = {id(parameter) for parameter in held}
    return [name for name, parameter in wanted.items() if id(parameter) in ids]


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    names = ", ".join(finding.parameters[:3]) or "these layers"
    return (
        f"Hand {names} to the optimiser: make it from model.parameters() once the model is complete and on "
        "its device, and give no group a learning rate of 0."
    )


train_every_layer = Remedy(
    name="train-every-layer",
    apply=apply,
    changes=frozenset({"model", "optimizer"}),
    stage="updates",
    meaning="gives layers that the optimiser does not hold, or holds at practically no learning rate, the "
    "settings of those it trains; so for frozen factors of 0 around layers without a gradient",
    advice=advice,
    citation="PyTorch documentation, torch.optim, Per-parameter options: an optimiser updates what it was "
    "given",
)
