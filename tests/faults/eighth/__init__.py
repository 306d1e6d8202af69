"""An eighth part, most of it beyond plain supervised training: run once, when all rules were settled."""

from tests.faults.eighth import (
    acting,
    autoencoder,
    cnn,
    embedding,
    gan,
    graph,
    mlp,
    modular,
    physics,
    recurrent,
    residual,
    siamese,
    transformer,
)

families = (
    mlp,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    acting,
    graph,
    physics,
    modular,
)
programs = tuple(program for family in families for program in family.programs)
settled = ("mlp-loans-known-before",)  # had learned before: it is to stay as it is
