"""A figure of no pyplot: nothing global holds it, and a notebook shows it all the same."""

import io

from matplotlib.figure import Figure

SHARPER = 2  # pixels of the picture to one of the page, for screens that have more


class Canvas(Figure):
    """A figure that is its own picture: without pyplot nobody tells a notebook how to draw one."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=SHARPER * self.dpi, metadata={"Software": None})
        width, height = self.get_size_inches() * self.dpi
        return picture.getvalue(), {"width": round(width), "height": round(height)}
