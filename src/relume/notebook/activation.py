"""An activation in a notebook: what is true of it, and its curves."""

from typing import TYPE_CHECKING

from relume.catalogue.activation import Activation
from relume.notebook.markup import card, facts, heading
from relume.report import figures
from relume.report.tables import facts_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def html(activation: Activation) -> str:
    """What `relume activations NAME` tells."""
    return card(heading(activation.name), facts({"formula": activation.formula} | facts_of(activation)))


def figure(activation: Activation) -> "Figure":
    """Draw f, f' and f''."""
    return figures.activation(activation)
