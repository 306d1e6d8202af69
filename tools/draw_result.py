"""Draws the README's picture from a finished default study: tools/draw_result.py relume-why docs/images."""

import sys
from pathlib import Path

from relume.report.figures import gradient_by_layer, training_curves
from relume.report.gallery import save
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.studies.study import study
from relume.studies.summarise import summarise
from relume.studies.why import DEPTHS, SCOPES

NETWORK = "mlp 20x32"
SCOPE = SCOPES["default"]


def main(folder: Path, images: Path) -> None:
    """Read the finished networks from the folder; what is missing is trained."""
    found = study(
        [MLP(depth, SCOPE.width) for depth in DEPTHS],
        learning_rates=SCOPE.learning_rates,
        seeds=SCOPE.seeds,
        training=Training(steps=SCOPE.steps),
        into=folder / "study.sqlite",
        show_progress=True,
    )
    images.mkdir(parents=True, exist_ok=True)
    summary = summarise(found)
    for name, figure in (
        ("curves", training_curves(summary, NETWORK)),
        ("gradients", gradient_by_layer(summary, NETWORK)),
    ):
        figure.set_facecolor("white")
        save(figure, images / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
