"""What the programs of the unseen half learn; noise in every target keeps the best loss well above 0."""

from functools import cache

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

COUNT = 60  # batches: as many as there are steps
SHAPES = 4
LEXICON = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "then",
    "it",
    "ran",
    "far",
    "away",
    "from",
    "that",
    "bad",
    "dog",
]
LETTERS = sorted({letter for word in LEXICON for letter in word} | {" "})
SHOPS, PRODUCTS, DAYS = 12, 30, 7
TOPICS, WORDS = 6, 120


def friedman(batch: int = 64) -> Pairs:
    """Friedman's function of five of ten numbers, on unit scale, with noise."""
    draw = generator(51)
    x = torch.rand(COUNT, batch, 10, generator=draw)
    a, b, c, d, e = x[..., :5].unbind(-1)
    clean = 10 * torch.sin(torch.pi * a * b) + 20 * (c - 0.5).square() + 10 * d + 5 * e
    y = (clean - 14.4) / 4.9 + 0.4 * torch.randn(clean.shape, generator=draw)
    return list(zip((x - 0.5) * 12**0.5, y[..., None], strict=True))


def arcs(batch: int = 128) -> Pairs:
    """Points near two arcs that lie one in the other, so near that they mix."""
    draw = generator(52)
    y = torch.randint(2, (COUNT, batch), generator=draw)
    angle = torch.pi * torch.rand(COUNT, batch, generator=draw)
    side = 1.0 - 2 * y
    x = torch.stack([side * angle.cos() + y - 0.5, side * angle.sin() + 0.5 * y - 0.25], -1)
    x = 1.4 * x + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x, y, strict=True))


def regimes(batch: int = 64) -> Pairs:
    """Eight numbers, of which the first two tell by their signs which linear function holds."""
    draw = generator(53)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    which = (x[..., 0] > 0).long() + 2 * (x[..., 1] > 0).long()
    slopes = torch.randn(4, 8, generator=draw)[which] / 8**0.5
    y = (x * slopes).sum(-1, keepdim=True) + 0.4 * torch.randn(COUNT, batch, 1, generator=draw)
    return list(zip(x, y, strict=True))


def opinions(batch: int = 64) -> Pairs:
    """Logarithms of the chances that three unlike judges give to four classes: all of them below 0."""
    draw = generator(54)
    y = torch.randint(4, (COUNT, batch), generator=draw)
    hint = torch.nn.functional.one_hot(y, 4)[:, :, None] * torch.tensor([1.8, 1.4, 1.0])[:, None]
    x = (hint + torch.randn(COUNT, batch, 3, 4, generator=draw)).log_softmax(-1)
    return list(zip(x.flatten(2), flipped(y, 4, 0.1, draw), strict=True))


def glyphs(size: int = 12, batch: int = 32, redrawn: float = 0.2) -> Pairs:
    """Noisy images of a bar, a post, a frame or a cross somewhere; some labels are drawn anew."""
    draw = generator(55)
    stamps = torch.zeros(SHAPES, 5, 5)
    stamps[0, 2] = stamps[1, :, 2] = 1
    stamps[2] = 1
    stamps[2, 1:4, 1:4] = 0
    stamps[3] = torch.maximum(torch.eye(5), torch.eye(5).flip(0))
    y = torch.randint(SHAPES, (COUNT, batch), generator=draw)
    left, top = torch.randint(size - 4, (2, COUNT, batch), generator=draw)
    x = torch.zeros(COUNT, batch, 1, size, size)
    for i in range(COUNT):
        for j in range(batch):
            x[i, j, 0, top[i, j] : top[i, j] + 5, left[i, j] : left[i, j] + 5] = stamps[y[i, j]]
    x = 2.5 * x - 0.3 + 0.3 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, SHAPES, redrawn, draw), strict=True))


def reckoning(length: int = 15, batch: int = 64) -> Pairs:
    """Steps of a walk in the plane, and where it has led."""
    draw = generator(56)
    x = torch.randn(COUNT, batch, length, 2, generator=draw)
    y = x.sum(2) / length**0.5
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def tides(length: int = 12, batch: int = 32) -> Pairs:
    """Two oscillations and noise, and the value that follows."""
    draw = generator(57)
    phases = 2 * torch.pi * torch.rand(2, COUNT, batch, 1, generator=draw)
    at = torch.arange(length + 1)
    x = torch.sin(phases[0] + 0.5 * at) + torch.sin(phases[1] + 1.1 * at)
    x = x + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x[..., :-1, None], x[..., -1:], strict=True))


def letters(length: int = 16, batch: int = 20) -> Pairs:
    """Text of words in a random order, letter by letter, and the letter after each."""
    draw = generator(58)
    places = torch.randint(len(LEXICON), (COUNT * batch * length,), generator=draw)
    text = " ".join(LEXICON[place] for place in places.tolist())
    codes = torch.tensor([LETTERS.index(letter) for letter in text[: COUNT * batch * (length + 1)]])
    x = codes.reshape(COUNT, batch, length + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def sales(batch: int = 64) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Price, discount and warmth; shop, product and day; and how much was sold."""
    draw = generator(59)
    numbers = torch.randn(COUNT, batch, 3, generator=draw)
    sizes = (SHOPS, PRODUCTS, DAYS)
    kinds = [torch.randint(size, (COUNT, batch), generator=draw) for size in sizes]
    effects = [torch.randn(size, generator=draw) for size in sizes]
    y = sum(0.6 * effect[kind] for effect, kind in zip(effects, kinds, strict=True))
    y = y - 0.5 * numbers[..., 0] + 0.4 * numbers[..., 1] * (kinds[2] > 4)
    y = y + 0.4 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(numbers, torch.stack(kinds, -1), y, strict=True))


def neighbours(batch: int = 128) -> list[tuple[Tensor, Tensor]]:
    """Two words each, and whether they were met together: mostly if they are of one topic."""
    draw = generator(60)
    words = torch.randint(WORDS, (COUNT, batch, 2), generator=draw)
    near = words[..., 0] % TOPICS + TOPICS * torch.randint(WORDS // TOPICS, (COUNT, batch), generator=draw)
    words[..., 1] = torch.where(torch.rand(COUNT, batch, generator=draw) < 0.4, near, words[..., 1])
    met = flipped((words[..., 0] % TOPICS == words[..., 1] % TOPICS).long(), 2, 0.1, draw)
    return list(zip(words, met.float(), strict=True))


def bumps(size: int = 32, batch: int = 48) -> Pairs:
    """Curves of two bumps, with noise, and the curves without it."""
    draw = generator(61)
    at = torch.arange(size).float()
    centre = size * torch.rand(COUNT, batch, 2, 1, generator=draw)
    width = 2 + 3 * torch.rand(COUNT, batch, 2, 1, generator=draw)
    height = 1 + torch.rand(COUNT, batch, 2, 1, generator=draw)
    clean = (height * torch.exp(-(((at - centre) / width) ** 2))).sum(2) * 1.5 - 0.9
    noise = torch.randn(2, *clean.shape, generator=draw)
    return list(zip(clean + 0.2 * noise[0], clean + 0.3 * noise[1], strict=True))


@cache
def _digits() -> tuple[Tensor, Tensor]:
    found = load_digits()
    return torch.tensor(found.images, dtype=torch.float32), torch.tensor(found.target)


def scans(batch: int = 48) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Two scanned digits of 8 x 8 each, on unit scale, and whether they are of one number."""
    draw = generator(62)
    x, y = _digits()
    x = ((x - 5) / 6)[:, None]
    one, other = torch.randint(len(x), (2, COUNT, batch), generator=draw)
    by_number = [torch.nonzero(y == number)[:, 0] for number in range(10)]
    for i in range(COUNT):
        for j in range(0, batch, 2):
            own = by_number[int(y[one[i, j]])]
            other[i, j] = own[torch.randint(len(own), (), generator=draw)]
    same = flipped((y[one] == y[other]).long(), 2, 0.1, draw).float()
    return list(zip(x[one], x[other], same, strict=True))


def duels(batch: int = 64) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Two players of ten traits each, and whether the first one won: strength is bent, and luck counts."""
    draw = generator(63)
    a, b = torch.randn(2, COUNT, batch, 10, generator=draw)
    slopes = torch.randn(10, 2, generator=draw) / 2
    one, other = (torch.tanh(x @ slopes).sum(-1) + 0.5 * x[..., 0].abs() for x in (a, b))
    won = torch.rand(COUNT, batch, generator=draw) < torch.sigmoid(4 * (one - other))
    return list(zip(a, b, won.float(), strict=True))


def coarse(batch: int = 48) -> Pairs:
    """Curves at half of their resolution, and in full."""
    return [((x[:, ::2] + x[:, 1::2]) / 2, y) for x, y in bumps(batch=batch)]
