"""The activations, a file a family; each is an `Activation` found by its name."""

from relume._collect import collect
from relume.catalogue.activation import Activation

activations = collect(__name__, Activation, listing="relume activations")
