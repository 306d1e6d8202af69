"""What a run of claims found: verdicts with all they rest on, as claims.json and samples.csv keep it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relume.errors import TargetError
from relume.evidence.claim import Effort, Subject
from relume.types import Interval, Sample, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLES, CLAIMS = "samples.csv", "claims.json"
COLUMNS = ("claim", "quantity", "series", "x", "seed", "value", "unit")
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One claim put to the test."""

    verdict: Verdict
    samples: tuple[Sample, ...]
    subject: Subject  # what it was tested on: of what was asked for, that which makes sense for it
    cpu_seconds: float  # of all its parts, when they were measured
    notes: tuple[str, ...] = ()  # sentences: what it could not be tested on and why, which parts failed

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.claim.judged_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self.verdict))

    def plot(self) -> "Figure":
        """Draw what was measured, as the report does."""
        import relume  # as above

        return relume.notebook.claim.judged_figure(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All claims of one run, and what they share."""

    judged: Mapping[str, Judged]  # by the claim's name, in the order of the report
    effort: Effort
    data: str  # one line on the data set
    machines: tuple[str, ...]  # where the parts were measured
    dates: tuple[str, str]  # of the first and the last part, as 2026-11-24
    versions: Mapping[str, str]  # of relume, torch, python

    def _repr_html_(self) -> str:
        import relume  # by its public name, as above

        return relume.notebook.claim.results_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("\n".join(str(each.verdict) for each in self.judged.values()))


def write(results: Results, folder: Path) -> tuple[Path, Path]:
    """Write claims.json and samples.csv into a folder, each whole or not at all.

    Raises
    ------
    TargetError
        Nothing can be written there.
    """
    paths = folder / CLAIMS, folder / SAMPLES
    try:
        for path, text in zip(paths, (to_json(results), _csv(results)), strict=True):
            unfinished = path.with_name(f".{path.name}.tmp")
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
            unfinished.replace(path)
    except OSError as error:
        raise TargetError(
            f"cannot be written ({error.strerror}): {folder}. Choose another folder."
        ) from error
    return paths


def read(folder: Path) -> Results:
    """What `write` has written.

    Raises
    ------
    TargetError
        It is not there, or is something else.
    """
    try:
        fields = json.loads((folder / CLAIMS).read_text(encoding="utf-8"))
        samples = _samples(folder / SAMPLES)
        judged = {
            name: Judged(
                verdict=_verdict(each["verdict"]),
                samples=tuple(samples.get(name, ())),
                subject=Subject(**each["subject"]),
                cpu_seconds=each["cpu_seconds"],
                notes=tuple(each["notes"]),
            )
            for name, each in fields.pop("claims").items()
        }
        del fields["schema"]
        shared = fields | {"machines": tuple(fields["machines"]), "dates": tuple(fields["dates"])}
        return Results(judged=judged, **shared)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TargetError(
            f"not the results of claims ({error}): {folder}. Give the --out folder of 'relume why'."
        ) from error


def to_json(results: Results) -> str:
    """Verdicts, effects, intervals and their setting; what is not finite is a text, for JSON has no nan."""
    fields: dict[str, Any] = {"schema": SCHEMA, **asdict(results)}
    claims = fields.pop("judged")
    for each in claims.values():
        del each["samples"]  # they are in samples.csv
        each["verdict"]["interval"] = {k: _plain(v) for k, v in each["verdict"]["interval"].items()}
    return json.dumps({**fields, "claims": claims}, indent=2, allow_nan=False) + "\n"


def _csv(results: Results) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_rows(results))
    return text.getvalue()


def _rows(results: Results) -> Iterator[Iterable[object]]:
    yield COLUMNS
    for name, each in results.judged.items():
        for s in each.samples:
            yield name, s.quantity, s.series, s.x, s.seed, s.value, s.unit


def _samples(path: Path) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sample = Sample(
                quantity=row["quantity"],
                series=row["series"],
                x=float(row["x"]),
                seed=int(row["seed"]),
                value=float(row["value"]),
                unit=row["unit"],
            )
            found.setdefault(row["claim"], []).append(sample)
    return found


def _verdict(fields: dict[str, Any]) -> Verdict:
    found = fields["interval"]
    low, high = float(found["low"]), float(found["high"])
    return Verdict(
        **fields | {"interval": Interval(float(found["estimate"]), low, high, int(found["seeds"]))}
    )


def _plain(value: float) -> float | str:
    return value if abs(value) < float("inf") else str(value)  # nan is below nothing
