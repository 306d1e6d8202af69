"""A sixth part: written when all the others had been used, and by nobody who knew the rules."""

from tests.faults.sixth import (
    autoencoder,
    cnn,
    embedding,
    fusion,
    gan,
    healthy_mlp,
    mlp,
    mlp_updates,
    recurrent,
    residual,
    segment,
    siamese,
    transformer,
)

families = (
    mlp,
    mlp_updates,
    healthy_mlp,
    cnn,
    segment,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    fusion,
)
programs = tuple(program for family in families for program in family.programs)
settled = ("mlp-tuned-on-what-it-knows",)  # had learned before: it is to stay as it is
