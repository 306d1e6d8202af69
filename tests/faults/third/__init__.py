"""The unseen half: programs that nobody looked at until everything was settled."""

from tests.faults.third import (
    autoencoder,
    cnn,
    embedding,
    gan,
    healthy_mlp,
    mlp,
    mlp_updates,
    recurrent,
    residual,
    siamese,
    transformer,
)

families = (
    mlp,
    mlp_updates,
    healthy_mlp,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
)
programs = tuple(program for family in families for program in family.programs)
