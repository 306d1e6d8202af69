"""A fifteenth part: trainings of people who changed one line, and healthy ones that look odd."""

from tests.faults.fifteenth import (
    autoencoder,
    embedding,
    gan,
    odd,
    odder,
    other,
    pictures,
    recurrent,
    residual,
    siamese,
    table,
    transformer,
)

families = (
    table,
    pictures,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    other,
    odd,
    odder,
)
programs = tuple(program for family in families for program in family.programs)
