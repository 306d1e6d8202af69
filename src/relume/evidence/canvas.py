"""A figure of no pyplot: nothing global holds it, and a notebook shows it all the same."""

import io

from matplotlib.figure import Figure
from PIL import Image  # matplotlib writes its own pictures with it

SHARPER = 2  # pixels of the picture to one of the page, for screens that have more
COLOURS = 128  # a few and their mixtures: a third of the size, and a notebook keeps every picture


class Canvas(Figure):
    """A figure that is its own picture: without pyplot nobody tells a notebook how to draw one."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        drawn, small = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png", dpi=SHARPER * self.dpi)
        picture = Image.open(drawn).convert("RGB")
        # Of every colour the nearest: other methods give up rare ones, and one marker tells how grave it is.
        few = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(small, "png", optimize=True)
        width, height = self.get_size_inches() * self.dpi
        return small.getvalue(), {"width": round(width), "height": round(height)}
