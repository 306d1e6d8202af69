"""A part that nobody tuned for: run when all rules were settled."""

from tests.faults.unseen import (
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
