"""A saturating activation in a hidden layer gives way to ReLU."""

from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.softmaxes import swap_between_layers
from relume.remedies.swapping import swap_hidden
from relume.trial import Patient
from relume.types import Finding

# Flat on both ends. GELU would do as well; ReLU costs least and its gain is exact at every scale.
SATURATING = ("sigmoid", "tanh", "softsign", "hardsigmoid", "hardtanh")
SUCCESSOR = "relu"


def apply(patient: Patient, finding: Finding) -> str:
    """Swap every hidden saturating activation, and softmaxes between layers; the output's and gates stay."""
    told = swap_hidden(patient, dict.fromkeys(SATURATING, SUCCESSOR)), swap_between_layers(patient)
    return "; ".join(filter(None, told))


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    old = ", ".join(dict.fromkeys(site.activation for site in finding.sites if site.activation in SATURATING))
    return (
        f"Use nn.ReLU (or nn.GELU) instead of {old or 'sigmoid, tanh and softmax'} in hidden layers: "
        f"{lines_of(finding)}. "
        "Keep a sigmoid that is the network's output or a gate."
    )


replace_activation = Remedy(
    name="replace-activation",
    apply=apply,
    changes=frozenset({"model"}),
    stage="structure",
    meaning="swaps saturating activations of hidden layers, and a softmax between two layers, for ReLU, "
    "whose slope is 1 wherever it fires; calls in a forward are overridden by their source line, for the "
    "trial and until the line is edited",
    advice=advice,
    citation="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 3; for sigmoid "
    "and "
    "depth Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
)
