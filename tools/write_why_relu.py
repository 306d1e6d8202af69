"""Writes docs/why-relu.md from the results of `relume why`: tools/write_why_relu.py relume-why docs.

The verdicts are computed anew from the samples: after a change of how a claim is judged nothing has to be
measured again.
"""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from relume.evidence.claims import claims
from relume.evidence.results import Judged, Results, read, write
from relume.report.claims_answer import in_order
from relume.report.claims_markdown import markdown
from relume.report.claims_page import claim_figure

MADE_BY = "tools/write_why_relu.py"
IMAGES = "images/claims"


def main(folder: Path, docs: Path) -> None:
    """Write the document, its figures and the results that they are made of."""
    results = judged_anew(read(folder))
    for name, each in results.judged.items():
        if each.samples:
            save(claim_figure(claims[name], each.samples), docs / IMAGES / f"{name}.png")
    (docs / "why-relu").mkdir(exist_ok=True)
    write(results, docs / "why-relu")
    (docs / "why-relu.md").write_text(document(results), encoding="utf-8")


def save(figure: Figure, path: Path) -> None:
    """Write a figure with 64 colours, which it has no more than: a quarter of the bytes."""
    figure.set_facecolor("white")
    drawn = BytesIO()
    figure.savefig(drawn, dpi=120)
    Image.open(drawn).convert("RGB").quantize(64).save(path, optimize=True)


def document(results: Results) -> str:
    """The text of docs/why-relu.md."""
    return markdown(results, claims, images=IMAGES, made_by=MADE_BY)


def judged_anew(results: Results) -> Results:
    """The same samples with the verdicts of today's claims, in the order of the report."""
    judged = {name: _judged(name, results.judged[name]) for name in in_order(results.judged)}
    return replace(results, judged=judged)


def _judged(name: str, judged: Judged) -> Judged:
    # What failed in part is not decided, whatever the other parts say.
    return (
        judged if not judged.verdict.effect else replace(judged, verdict=claims[name].judge(judged.samples))
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
