"""Claims as tables of text: what is claimed, what was found, what is published, and the numbers behind it."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from relume.evidence.claim import Claim, Published
from relume.evidence.results import Results
from relume.report.grid import ABSENT, Column, Grid, Section, number
from relume.types import Interval, Sample, Verdict

MOST_LIMITS = 2  # claims whose limits are told one by one in a terminal
MOST_PLACES = 7  # of a curve; the rest is in samples.csv
ONE_WORD = {"one-sidedness"}  # the hyphen is its own
WORDS = {"relu": "ReLU", "he": "He", "l1": "L1"}
REMEMBERED = "remembered, not checked"
PROVENANCE = {
    "paper": "read in the paper",
    "abstract": "read in its abstract or official page",
    "secondary": "read in another text about it",
    "derived": "computed by us",
    "remembered": REMEMBERED,
}


def title(name: str) -> str:
    """A claim's name in words.

    >>> title("dying-relu"), title("he-initialisation"), title("one-sidedness")
    ('Dying ReLU', 'He initialisation', 'One-sidedness')
    """
    if name in ONE_WORD:
        return name.capitalize()
    words = [WORDS.get(word, word) for word in name.split("-")]
    return " ".join([words[0] if words[0] in WORDS.values() else words[0].capitalize(), *words[1:]])


def interval_text(interval: Interval) -> str:
    """An estimate with its bounds and the seeds they rest on.

    >>> interval_text(Interval(4.1, 3.2, 5.0, 8)), interval_text(Interval(1.0, 1.0, 1.0, 0))
    ('4.1 [3.2, 5], 8 seeds', '1')
    """
    if math.isnan(interval.estimate) or interval.seeds == 0:
        return number(interval.estimate)
    if math.isnan(interval.low) or math.isnan(interval.high):
        return f"{number(interval.estimate)}, no interval from {_seeds(interval.seeds)}"
    bounds = f"[{number(interval.low)}, {number(interval.high)}]"
    return f"{number(interval.estimate)} {bounds}, {_seeds(interval.seeds)}"


def effect_text(verdict: Verdict) -> str:
    """What was measured, as a reader would quote it."""
    if not verdict.effect:
        return ABSENT
    return f"{verdict.effect}: {interval_text(verdict.interval)}"


def published_text(published: Published) -> str:
    """A published figure with what it is of, marked where nobody has checked it."""
    mark = f" ({REMEMBERED})" if published.provenance == "remembered" else ""
    return f"{published.quantity}: {published.value}{mark}"


def claim_list(claims: Mapping[str, Claim]) -> Grid:
    """What can be put to the test."""
    columns = (
        Column(header="claim", meaning="its name, as after --claim", align="left"),
        Column(header="statement", meaning="what is claimed", align="left", widest=72),
        Column(header="source", meaning="who claims it", align="left", widest=36),
    )
    rows = tuple((claim.name, claim.statement, claim.source) for claim in claims.values())
    return Grid(title="", reading="", columns=columns, sections=(Section(title="", rows=rows),))


def claims_grid(results: Results, claims: Mapping[str, Claim]) -> Grid:
    """A row for each claim: verdict, effect with its interval, and the published figure beside it."""
    columns = (
        Column(header="claim", meaning="its name, as after --claim", align="left", widest=24),
        Column(
            header="verdict",
            meaning="'holds' needs an interval on the right side of a threshold; "
            "'not decided' is one that is too wide to tell",
            align="left",
            widest=19,
        ),
        Column(
            header="measured here",
            meaning="the effect, its estimate and its 95 % interval over seeds",
            align="left",
            widest=56,
        ),
        Column(header="published", meaning="what the literature gives", align="left", widest=40),
    )
    rows = tuple(
        (
            title(name),
            each.verdict.holds,
            effect_text(each.verdict),
            next((published_text(p) for p in claims[name].published), ABSENT) if name in claims else ABSENT,
        )
        for name, each in results.judged.items()
    )
    return Grid(
        title="The claims",
        reading="Each verdict is computed from the measurements.",
        columns=columns,
        sections=(Section(title="", rows=rows),),
    )


def limits_grid(results: Results) -> Grid:
    """Where each claim that holds within limits holds, and where not."""
    columns = (
        Column(header="claim", meaning="its name, as after --claim", align="left", widest=24),
        Column(header="limits", meaning="where it holds and where not", align="left", widest=90),
    )
    found = {name: each.verdict.limits for name, each in results.judged.items() if each.verdict.limits}
    is_long = len(found) > MOST_LIMITS
    rows = tuple((title(name), counted(limits) if is_long else limits) for name, limits in found.items())
    reading = "Which they are: the report, or relume why --claim NAME." if is_long else ""
    sections = (Section(title="", rows=rows),) * bool(rows)
    return Grid(title="The limits", reading=reading, columns=columns, sections=sections)


def counted(limits: str) -> str:
    """How many limits there are of each kind; as they are, where they are a sentence.

    >>> counted("holds at sigmoid, depth 20 / tanh, depth 20; not at relu, depth 20")
    'holds at 2 of 3, not at 1'
    """
    kinds = [part.partition(" at ") for part in limits.split("; ")]
    if not all(where for _, _, where in kinds):
        return limits
    between = " / " if " / " in limits else ", "
    numbers = {kind: len(where.split(between)) for kind, _, where in kinds}
    said = [f"{kind} at {number}" for kind, number in numbers.items()]
    return ", ".join([f"{said[0]} of {sum(numbers.values())}", *said[1:]])


def published_grid(claim: Claim, samples: Sequence[Sample]) -> Grid:
    """The literature's figures beside ours."""
    columns = (
        Column(header="quantity", meaning="what is published", align="left"),
        Column(header="published", meaning="as printed there"),
        Column(header="here", meaning="ours of the same quantity, with its 95 % interval"),
        Column(header="agree", meaning="whether the published figure lies in our interval", align="left"),
        Column(header="source", meaning="where it was published", align="left"),
        Column(header="we have it from", meaning="whether we have read it there", align="left"),
    )
    rows = tuple(
        (p.quantity, p.value, *_beside(p, samples), p.source, PROVENANCE[p.provenance])
        for p in claim.published
    )
    return Grid(title="", reading="", columns=columns, sections=(Section(title="", rows=rows),))


def numbers_grid(samples: Sequence[Sample]) -> Grid:
    """The samples by what was measured: median, least and greatest over the seeds."""
    columns = (
        Column(header="quantity", meaning="what was measured", align="left"),
        Column(header="of", meaning="what is compared", align="left"),
        Column(header="at", meaning="along what it is measured: depth, rate, size"),
        Column(header="median", meaning="over the seeds"),
        Column(header="lowest", meaning="of the seeds"),
        Column(header="highest", meaning="of the seeds"),
        Column(header="seeds", meaning="how many"),
        Column(header="unit", meaning="1 is a ratio or a share", align="left"),
    )
    rows = tuple(_number_rows(samples))
    return Grid(title="", reading="", columns=columns, sections=(Section(title="", rows=rows),))


def agrees(published: Published, samples: Sequence[Sample]) -> bool | None:
    """Whether the published figure lies in our interval; None where the two are not of one quantity."""
    if published.number is None or published.ours is None or not samples:
        return None
    ours = published.ours(samples)
    return None if math.isnan(ours.low + ours.high) else ours.low <= published.number <= ours.high


def _beside(published: Published, samples: Sequence[Sample]) -> tuple[str, str]:
    ours = published.ours(samples) if published.ours is not None and samples else None
    said = {None: ABSENT, True: "yes", False: "no"}[agrees(published, samples)]
    return (ABSENT if ours is None else interval_text(ours)), said


def _number_rows(samples: Sequence[Sample]) -> Iterator[tuple[str, ...]]:
    cells: dict[tuple[str, str], dict[float, list[Sample]]] = {}
    for sample in samples:
        cells.setdefault((sample.quantity, sample.series), {}).setdefault(sample.x, []).append(sample)
    for (quantity, series), places in cells.items():
        for x in _some(sorted(places)):
            values = [sample.value for sample in places[x]]
            yield (
                quantity,
                series,
                number(x) if len(places) > 1 or x else ABSENT,
                number(statistics.median(values)),
                number(min(values)) if len(values) > 1 else ABSENT,
                number(max(values)) if len(values) > 1 else ABSENT,
                str(len(values)),
                places[x][0].unit,
            )


def _some(places: Sequence[float]) -> Sequence[float]:
    """All of a few places; of many, some from the first to the last."""
    if len(places) <= MOST_PLACES:
        return places
    last = len(places) - 1
    return [places[round(i * last / (MOST_PLACES - 1))] for i in range(MOST_PLACES)]


def _seeds(count: int) -> str:
    return f"{count} seed" if count == 1 else f"{count} seeds"
