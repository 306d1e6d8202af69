"""A seventh part: written when all the others had been used, and by nobody who knew the rules."""

from tests.faults.seventh import (
    autoencoder,
    cnn,
    embedding,
    gan,
    healthy_mlp,
    mlp,
    parts,
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
    parts,
)
programs = tuple(program for family in families for program in family.programs)
settled = healthy_mlp.settled  # had learned before: it is to stay as it is
