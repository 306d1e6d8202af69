"""What a number rests on: the claim's file and all of relume that it reaches."""

from pathlib import Path

import pytest

from relume.evidence import code
from relume.evidence.claims import flat_derivatives

NAME = flat_derivatives.__name__


def names(module: str) -> set[str]:
    return {path.relative_to(code.ROOT).as_posix() for path in code.sources(module)}


def test_the_sources_of_a_claim_are_all_that_it_reaches() -> None:
    found = names(NAME)
    assert "evidence/claims/flat_derivatives.py" in found
    assert {"catalogue/rectifiers.py", "catalogue/sigmoidal.py", "types/outcomes.py"} <= found
    assert not {"cli.py", "evidence/claim.py", "evidence/verdicts.py", "probe/watch.py"} & found


def test_a_name_leads_to_its_module_and_a_package_to_all_its_entries() -> None:
    assert names("relume.studies.study") >= {"studies/stacked.py", "theory/gain.py", "catalogue/neurons.py"}
    assert "probe/watch.py" in names("relume.trial")


def test_an_edit_anywhere_below_changes_the_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = code.checksum.__wrapped__
    before = plain(NAME)
    assert plain(NAME) == before
    read = Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + b"#" * (path.name == "precision.py")

    monkeypatch.setattr(Path, "read_bytes", edited)
    assert plain(NAME) != before
