"""A fourth part: written when all the others had been used, and by nobody who knew the rules."""

from tests.faults.fourth import (
    autoencoder,
    cnn,
    denoiser,
    embedding,
    gan,
    graph,
    healthy_mlp,
    mlp,
    parts,
    policy,
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
    graph,
    policy,
    denoiser,
    parts,
)
programs = tuple(program for family in families for program in family.programs)
settled = ("mlp-after-training", "embedding-after-years")  # had learned before: they are to stay as they are
