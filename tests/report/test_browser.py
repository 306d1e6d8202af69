"""The page of a run in a real browser: Chromium without a head, led by its driver."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report.made_runs import SCRIPT, large_view, write_run, write_windows

from relume.report.run_page import page, write_report
from relume.report.serve import address, server_of
from relume.runfile.writer import open_for_writing

CHROMIUM = os.environ.get("RELUME_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = os.environ.get("RELUME_CHROMEDRIVER") or shutil.which("chromedriver")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE = 120  # seconds: for machines that have other work

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs chromium and chromedriver: apt-get install -y chromium chromium-driver",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for flag in (*FLAGS, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = Chrome(options=options, service=Service(str(DRIVER)))
        yield driver
        driver.quit()


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., None]]:
    """Open an address at a size and wait until all is drawn; no error may be on the console at the end."""

    def show(where: Path | str, *, width: int = 1200, scheme: str = "light") -> None:
        sizes = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", sizes)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(where.as_uri() if isinstance(where, Path) else where)
        wait(browser, "return document.body.dataset.ready === 'yes'")

    browser.get_log("browser")
    yield show
    severe = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert severe == []


def wait(browser: Any, script: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, PATIENCE, poll_frequency=0.05).until(lambda each: each.execute_script(script))


def text(browser: Any, name: str) -> str:
    return str(browser.execute_script("return document.getElementById(arguments[0]).textContent", name))


def drawn(browser: Any, source: str, column: str) -> list[Any]:
    """What a figure was given to draw; null where there is a gap."""
    script = """
    const [name, column] = arguments;
    for (const each of Bokeh.documents) {
      const found = each.get_model_by_name(name);
      if (found) return Array.from(found.data[column], (value) => Number.isNaN(value) ? null : value);
    }"""
    found: list[Any] = browser.execute_script(script, source, column)
    return found


def focus(browser: Any) -> str:
    """The id or the name of what has the focus; empty within a figure."""
    return str(browser.execute_script("const at = document.activeElement; return at.id || at.name || ''"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's page and one of two runs, with the run files that they are of."""
    folder = tmp_path_factory.mktemp("pages")
    broken = write_run(folder / "broken.sqlite", windows=6)
    healthy = write_run(folder / "healthy.sqlite", windows=4, fall=0.5)
    write_report(broken, folder / "one.html")
    write_report(broken, folder / "two.html", against=healthy)
    return folder


def test_it_shows_the_findings_and_draws_what_the_file_holds(
    browser: Any, pages: Path, show: Callable[..., None]
) -> None:
    show(pages / "one.html")
    assert browser.find_element("css selector", "h1").text.startswith("Learning is broken: ")
    assert browser.find_elements("css selector", ".finding.error")
    assert drawn(browser, "heat-log", "dw") == [60]
    assert drawn(browser, "heat-log", "dh") == [3]
    assert len(drawn(browser, "loss0", "x")) == 60
    # The gradient of the first site grows by a tenth of its first size a window.
    assert drawn(browser, "gradient0", "y") == pytest.approx(
        [1e-6 * (1 + 0.1 * i) for i in range(6)], rel=0.006
    )
    assert drawn(browser, "zeros0", "y")[0] == pytest.approx(0.4375, abs=0.001)


def test_a_click_opens_a_site(browser: Any, pages: Path, show: Callable[..., None]) -> None:
    from selenium.webdriver import ActionChains

    show(pages / "one.html")
    assert text(browser, "site-name") == "first"
    browser.execute_script("document.getElementById('heat').scrollIntoView({block: 'center'})")
    frame = browser.execute_script("""
        const model = Bokeh.documents.map((each) => each.get_model_by_name('heat')).find(Boolean);
        const view = Bokeh.index.find_one(model), box = view.frame.bbox;
        const at = view.el.getBoundingClientRect();
        const heat = document.getElementById('heat').getBoundingClientRect();
        return [at.left - heat.left - heat.width / 2 + box.left + box.width * 0.4,
                at.top - heat.top - heat.height / 2 + box.top + box.height * 0.9];""")
    heat = browser.find_element("id", "heat")
    ActionChains(browser).move_to_element_with_offset(
        heat, round(frame[0]), round(frame[1])
    ).click().perform()
    wait(browser, "return document.getElementById('site-name').textContent === 'last'")
    assert text(browser, "readout").startswith("last, steps 20 to 29: ")
    assert "net.py:14" in text(browser, "site-about")
    assert drawn(browser, "gradient0", "y")[0] == pytest.approx(1, rel=0.006)


def test_the_keyboard_is_enough(browser: Any, pages: Path, show: Callable[..., None]) -> None:
    from selenium.webdriver.common.keys import Keys

    show(pages / "one.html")
    heat = browser.find_element("id", "heat")
    heat.send_keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    assert text(browser, "readout").startswith(f"{SCRIPT}, steps 40 to 49: ")
    heat.send_keys(Keys.HOME)
    assert ", steps 0 to 9: " in text(browser, "readout")
    heat.send_keys(Keys.PAGE_DOWN)
    assert text(browser, "site-name") == "last"
    heat.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.getElementById('site').getBoundingClientRect().top") < 900
    assert focus(browser) == "site-choice"  # whence Tab leads on
    chosen = browser.find_element("css selector", "[name=quantity][value=gradient]")
    chosen.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert text(browser, "heat-title").startswith("Dead units: ")
    assert text(browser, "readout").endswith("12.5 % (units that never fired)")
    button = browser.find_element("css selector", "button[data-site=first]")
    button.send_keys(Keys.ENTER)
    assert text(browser, "site-name") == "first"
    assert focus(browser) == "site-choice"


def test_the_keyboard_comes_to_every_site_and_stops_at_no_figure(
    browser: Any, tmp_path: Path, show: Callable[..., None]
) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    (tmp_path / "page.html").write_text(page([large_view(sites=60, windows=20)]), encoding="utf-8")
    show(tmp_path / "page.html")
    stops = []
    while "site-after" not in stops:
        assert len(stops) < 20
        ActionChains(browser).send_keys(Keys.TAB).perform()
        stops.append(focus(browser))
        if stops[-1] == "heat":
            names = [text(browser, "site-name")]
            for _ in range(59):
                ActionChains(browser).send_keys(Keys.ARROW_DOWN).perform()
                names.append(text(browser, "site-name"))
            assert len(set(names)) == 60
    assert [stop for stop in stops if stop] == [
        "quantity",
        "heat",
        "site-choice",
        "site-before",
        "site-after",
    ]
    assert stops.count("") == 1  # what the toolbar of the map has folded


def test_what_is_folded_is_printed(browser: Any, pages: Path, show: Callable[..., None]) -> None:
    show(pages / "one.html")
    folded = "return document.querySelectorAll('details:not([open])').length"
    before = browser.execute_script(folded)
    assert before
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(folded) == 0
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(folded) == before


def test_a_module_named_after_a_script_is_text(browser: Any, pages: Path, show: Callable[..., None]) -> None:
    show(pages / "one.html")
    browser.execute_script("document.getElementById('site-after').click()")
    assert text(browser, "site-name") == SCRIPT
    assert browser.title != "taken"
    assert SCRIPT in text(browser, "findings")


def test_two_runs_are_drawn_over_each_other(browser: Any, pages: Path, show: Callable[..., None]) -> None:
    show(pages / "two.html")
    assert len(drawn(browser, "gradient0", "y")) == 6
    assert drawn(browser, "gradient1", "y")[0] == pytest.approx(0.5, rel=0.006)
    browser.execute_script("document.querySelector('[name=run][value=\"1\"]').click()")
    assert text(browser, "heat-title").startswith("B: ")
    assert drawn(browser, "heat-log", "dw") == [40]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 768, 390])
def test_it_fits_every_width(
    browser: Any, pages: Path, show: Callable[..., None], width: int, scheme: str
) -> None:
    show(pages / "one.html", width=width, scheme=scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    colours = browser.execute_script("""
        const loss = Bokeh.documents.map((each) => each.get_model_by_name('loss')).find(Boolean);
        const luminance = (text) => parseInt(text.slice(1, 3), 16);
        return [luminance(loss.background_fill_color), luminance(loss.left[0].axis_label_text_color)];""")
    assert (colours[0] > colours[1]) == (scheme == "light")


def test_a_large_page_is_drawn(browser: Any, tmp_path: Path, show: Callable[..., None]) -> None:
    (tmp_path / "large.html").write_text(page([large_view(sites=200, windows=1000)]), encoding="utf-8")
    show(tmp_path / "large.html")
    assert drawn(browser, "heat-log", "dh") == [200]
    assert len(browser.find_elements("css selector", "#site-choice option")) == 200


def test_the_live_page_shows_windows_as_they_close(
    browser: Any, tmp_path: Path, show: Callable[..., None]
) -> None:
    path = tmp_path / "run.sqlite"
    with open_for_writing(path, model="Network") as run:
        write_windows(run, range(2))
        server = server_of(path)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            show(address(server))
            assert len(drawn(browser, "gradient0", "x")) == 2
            browser.execute_script("document.querySelector('#findings details').open = true")
            write_windows(run, range(2, 4))
            wait(
                browser, "return document.getElementById('live').textContent.includes(' 4 windows, 40 steps')"
            )
            assert len(drawn(browser, "gradient0", "x")) == 4
            assert browser.execute_script("return document.querySelector('#findings details').open")
            assert "in 4 windows" in browser.find_element("css selector", ".verdict").text
            assert text(browser, "readout").startswith("first, steps 30 to 39: ")  # it stays at the newest
            run.close()
            wait(
                browser, "return document.getElementById('live').textContent.startsWith('The run has ended.')"
            )
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
