"""Every import inside relume points to a lower floor."""

import ast
from collections.abc import Iterator
from pathlib import Path

import relume

SOURCE = Path(relume.__file__).parent
FLOORS = {
    "types": 0,
    "kernels": 2,
    "runfile": 2,
    "probe": 3,
    "trial": 4,
    "diagnosis": 5,
    "remedies": 6,
    "errors": 0,
    "_collect": 0,
    "catalogue": 1,
    "theory": 2,
    "replacement": 2,
    "studies": 6,
    "evidence": 7,
    "report": 8,
    "launch": 8,
    "integrations": 8,
    "notebook": 9,
    "cli_runs": 9,
    "cli": 10,
}

HOMES = {  # of public names
    "activations": "catalogue",
    "check": "diagnosis",
    "claims": "evidence",
    "diagnose": "diagnosis",
    "export": "integrations",
    "open": "runfile",
    "study": "studies",
    "watch": "probe",
}


def imported_parts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            if parts[0] == "relume" and len(parts) > 1:
                yield HOMES.get(parts[1], parts[1])


def wrong_imports(sources: dict[str, str]) -> list[str]:
    return [
        f"{path} (floor {FLOORS[own]}) imports {part} (floor {FLOORS[part]})"
        for path, text in sources.items()
        if (own := path.split("/")[0].removesuffix(".py")) != "__init__"
        for part in imported_parts(ast.parse(text))
        if part not in (own, "__version__") and FLOORS[part] >= max(FLOORS[own], 1)
    ]


def test_every_import_points_down() -> None:
    sources = {str(p.relative_to(SOURCE)): p.read_text(encoding="utf-8") for p in SOURCE.rglob("*.py")}
    assert not wrong_imports(sources), "\n".join(wrong_imports(sources))


def test_an_upward_import_is_found() -> None:
    assert wrong_imports({"catalogue/relu.py": "from relume.theory import gain"})
    assert wrong_imports({"theory/gain.py": "from relume.replacement import replace"})
    assert not wrong_imports({"theory/gain.py": "from relume.catalogue import activations"})
