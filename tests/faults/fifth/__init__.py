"""A fifth part: written when all the others had been used, and by nobody who knew the rules."""

from tests.faults.fifth import (
    acting,
    autoencoder,
    cnn,
    density,
    embedding,
    gan,
    healthy_mlp,
    mlp,
    parts,
    pointset,
    recurrent,
    residual,
    siamese,
    transformer,
)

families = (
    mlp,
    healthy_mlp,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    pointset,
    density,
    acting,
    parts,
)
programs = tuple(program for family in families for program in family.programs)
settled = ("mlp-tuned-again",)  # had learned before: it is to stay as it is
