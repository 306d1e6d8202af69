"""A ninth part: what people post when a loss does not go down, on which nothing was set."""

from tests.faults.ninth import (
    autoencoder,
    cnn,
    density,
    embedding,
    gan,
    mlp,
    recurrent,
    residual,
    segmentation,
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
    segmentation,
    density,
)
programs = tuple(program for family in families for program in family.programs)
settled = mlp.settled  # had learned before: they are to stay as they are
