"""What the site has beside docs/: files that its pages link to, and patterns in the navigation.

Links in docs/ are written as the code host reads them, relative to the file. A link that leaves docs/ leads
to a page made here: of a document, or of a source file's text.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(?<=\]\()[^)\s#:]+(?=[)#])")
DOCUMENTS = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
DOCUMENT = re.compile(r'(?<=href=")[^":#]+\.(?:md|ipynb)(?=["#])')
UNSEARCHED = "---\nsearch: {exclude: true}\n---\n"
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".md": "markdown"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages that a pattern fits in its place in the navigation."""
    config.nav = _expanded(config.nav, Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/."""
    pages = [page for page in files.documentation_pages() if page.src_uri.endswith(".md")]
    for home, uri in DOCUMENTS.items():
        if uri not in files.src_uris:
            files.append(File.generated(config, uri, content=(ROOT / home).read_text(encoding="utf-8")))
            pages.append(files.src_uris[uri])
    linked = {target for page in pages for target in _linked(page.content_string, _home(page.src_uri))}
    for path in sorted(linked - DOCUMENTS.keys()):
        if not path.startswith("docs/"):
            files.append(File.generated(config, _uri(path), content=_source_page(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the repository into links to their pages."""
    home, folder = _home(page.file.src_uri), posixpath.dirname(page.file.src_uri)

    def relinked(found: re.Match[str]) -> str:
        path = _path(found[0], home)
        return posixpath.relpath(_uri(path), folder or ".") if (ROOT / path).is_file() else found[0]

    return LINK.sub(relinked, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a notebook to pages: its text becomes HTML where nobody else turns them."""
    uri = page.file.src_uri

    def relinked(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(uri), found[0]))
        target = files.get_file_from_path(path)
        if target is None:
            raise PluginError(f"a link that leads nowhere: {found[0]} in docs/{uri}. Correct it there.")
        return target.url_relative_to(page.file)

    return DOCUMENT.sub(relinked, html) if uri.endswith(".ipynb") else html


def _expanded(nav: Any, docs: Path) -> Any:
    if isinstance(nav, list):
        items = [_expanded(item, docs) for item in nav]
        flat = [each for item in items for each in (item if isinstance(item, list) else [item])]
        return [item for item in flat if item != {}]
    if isinstance(nav, dict):
        titled = {title: _expanded(item, docs) for title, item in nav.items()}
        return {title: item for title, item in titled.items() if item != []}  # of a pattern without pages
    if "*" in nav:
        found = sorted(docs.glob(nav), key=lambda path: (path.stem != "index", path.stem))
        return [path.relative_to(docs).as_posix() for path in found]
    return nav


def _home(uri: str) -> str:
    """The file of the repository that a page was made of."""
    return {uri: home for home, uri in DOCUMENTS.items() if home != "README.md"}.get(uri, f"docs/{uri}")


def _path(link: str, home: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(home), link))


def _linked(text: str, home: str) -> set[str]:
    return {path for link in LINK.findall(text) if (ROOT / (path := _path(link, home))).is_file()}


def _uri(path: str) -> str:
    """The page of a file of the repository."""
    return (
        path.removeprefix("docs/") if path.startswith("docs/") else DOCUMENTS.get(path, f"source/{path}.md")
    )


def _source_page(path: str) -> str:
    text = (ROOT / path).read_text(encoding="utf-8")
    fence = "`" * 6  # longer than any within
    return f"{UNSEARCHED}# {path}\n\n{fence}{LANGUAGES.get(Path(path).suffix, 'text')}\n{text}\n{fence}\n"
