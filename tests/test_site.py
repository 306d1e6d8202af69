"""The documentation site: it builds without a warning, its links lead somewhere, it loads nothing."""

import os
import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import relume

ROOT = Path(__file__).parent.parent
DOES_NOT_LEARN = "how-to/loss-does-not-go-down.html"
JOBS = ("notebook-or-framework", "get-it-repaired", "choose-an-activation", "use-an-activation")
CALLED = ("watch", "check", "diagnose", "repair", "replace", "study", "open", "write_report", "export")
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        is_loaded = tag != "link" or LINKS_THAT_LOAD & set(given.get("rel", "").split())
        if tag in LOADS and LOADS[tag] in given and is_loaded:
            self.loads.append(given[LOADS[tag]])


def outside(loads: list[str]) -> list[str]:
    """What is asked of somebody else."""
    return [each for each in loads if urlsplit(each).netloc or each.startswith("//")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    # Who asks the network is answered by nobody: at this address there is no proxy.
    nobody = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nobody, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    found = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    return {name: Page(path.read_text(encoding="utf-8")) for name, path in found.items()}


def test_every_link_leads_to_a_page_and_a_place(site: Path, pages: dict[str, Page]) -> None:
    lost = [
        f"{name}: {link}"
        for name, page in pages.items()
        for link in page.links
        if name != "404.html" and not _leads_somewhere(site, pages, name, link)
    ]
    assert not lost, lost[:20]


def _leads_somewhere(site: Path, pages: dict[str, Page], name: str, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    folder = posixpath.dirname(name)
    target = posixpath.normpath(posixpath.join(folder, unquote(parts.path))) if parts.path else name
    if not (site / target).exists():
        return False
    return (
        not parts.fragment
        or target not in pages
        or unquote(parts.fragment) in {*pages[target].anchors, "__toc"}
    )


@pytest.mark.parametrize("link", ["nowhere.html", "how-to/nowhere.html", "tutorial.html#nowhere", "#nowhere"])
def test_a_link_that_leads_nowhere_is_seen(link: str, site: Path, pages: dict[str, Page]) -> None:
    assert _leads_somewhere(site, pages, "index.html", "tutorial.html#1-install")
    assert not _leads_somewhere(site, pages, "index.html", link)


def test_no_page_loads_anything_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    asked = {name: found for name, page in pages.items() if (found := outside(page.loads))}
    assert not asked
    sheets = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", sheets)
    assert not re.findall(r"@import\s", sheets)


def test_what_is_loaded_from_elsewhere_is_seen() -> None:
    sheet = '<link rel="stylesheet" href="https://fonts.example/a.css">'
    page = Page(sheet + '<script src="//cdn.example/b.js"></script><link rel="next" href="c.html">')
    assert len(page.loads) == 2
    assert len(outside(page.loads)) == 2


def test_the_answer_is_two_clicks_from_the_front_page(pages: dict[str, Page]) -> None:
    """From the front page to "My loss does not go down", and from there to what cures it."""
    first = pages["index.html"]
    assert DOES_NOT_LEARN in first.links
    links = [urlsplit(link).path for link in pages[DOES_NOT_LEARN].links]
    second = {posixpath.normpath(posixpath.join("how-to", link)) for link in links}
    assert {"how-to/get-it-repaired.html", "explanations/index.html", "diagnosis.html"} <= second


def test_the_front_page_leads_to_every_job(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    main = text[text.index("<article") : text.index("</article")]
    jobs = (DOES_NOT_LEARN, *(f"how-to/{job}.html" for job in JOBS))
    places = [main.index(f'href="{job}"') for job in jobs]
    assert places[0] == min(places)
    assert main.index("My loss does not go down") < main.index("What do you want to do")


def test_every_public_name_has_its_place_in_the_reference(site: Path) -> None:
    reference = (site / "reference/index.html").read_text(encoding="utf-8")
    anchors = "".join(path.read_text(encoding="utf-8") for path in (site / "reference/python").glob("*.html"))
    for name in relume.__all__:
        assert f"<code>{name}</code>" in reference, name
    for name in relume.types.__all__:
        assert f'id="relume.types.{name}"' in anchors, name
    for name in CALLED:
        assert f'id="relume.{name}"' in anchors, name
    errors = [name for name in vars(relume.errors) if name.endswith(("Error", "Warning"))]
    assert len(errors) > 10
    for name in errors:
        assert f'id="relume.errors.{name}"' in anchors, name


def test_the_fields_of_records_are_told(site: Path) -> None:
    text = (site / "reference/python/types.html").read_text(encoding="utf-8")
    plain = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "largest PerUnit [units] absolute value; merges by the greater one" in plain
    assert "losses PerUnit [steps]; ends at the first that is not finite" in plain
