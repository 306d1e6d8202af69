"""What reviewers find before a long training, and healthy trainings that only look odd to them."""

from tests.faults.drawn.birch import (
    autoencoder,
    cnn,
    embedding,
    gan,
    mlp,
    other,
    recurrent,
    residual,
    siamese,
    transformer,
)
from tests.faults.program import Program

families = (mlp, cnn, residual, transformer, recurrent, embedding, autoencoder, gan, siamese, other)
programs: tuple[Program, ...] = tuple(program for family in families for program in family.programs)
