"""An eighteenth part: scripts posted for help or read by a colleague, and healthy ones that look odd."""

from tests.faults.eighteenth import (
    autoencoder,
    cnn,
    embedding,
    gan,
    other,
    recurrent,
    residual,
    siamese,
    table,
    transformer,
)

families = (
    table,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    other,
)
programs = tuple(program for family in families for program in family.programs)
