"""The report and the explore page in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from briefs import analysed, brief
from browsing import WIDTHS, Watched, browsing, scrolls_sideways, watched
from run_folders import HOSTILE, HOSTILE_BRIEF, run_folder
from tiermix.report.contents import read_contents
from tiermix.report.page import sections
from tiermix.result import document

TIERMIX = str(Path(sys.executable).with_name("tiermix"))

#: Three tiers and four strategies.
BRIEF = brief(
    {
        name: f"{{preset: {preset}, available: {n}, audience: {{fans: 20%, others: 60%}}}}"
        for name, preset, n in (("nano", "micro", 90), ("micro", "micro", 80), ("big", "macro", 9))
    },
    strategies="{all_nano: {nano: 100%}, all_big: {big: 100%}, a_third: {nano: 33%, micro: 33%, "
    "big: 33%}}",
)

#: Findings of axe-core that are not let pass.
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(BRIEF, tmp_path_factory.mktemp("runs"))


def opened(browser: Browser, folder: Path, **how: Any) -> Watched:
    return watched(browser, (folder / "report.html").as_uri(), **how)


def serious(page: Page) -> list[str]:
    """Return what axe-core finds that keeps people from using a page."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in SERIOUS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_reads_well_everywhere(
    browser: Browser, folder: Path, width: int, scheme: str
) -> None:
    seen = opened(browser, folder, width=width, scheme=scheme)
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert seen.complaints == []
    assert seen.requests == [(folder / "report.html").as_uri()]
    assert not scrolls_sideways(page)
    if (width, scheme) in ((360, "light"), (1280, "dark")):
        assert serious(page) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(13, 17, 23)" if scheme == "dark" else "rgb(255, 255, 255)")
    page.close()


def test_the_answer_is_in_the_first_screen(browser: Browser, folder: Path) -> None:
    said = read_contents(folder).facts["said"]["recommendation"]
    for width in WIDTHS:
        page = opened(browser, folder, width=width).page
        lede = page.locator(".lede")
        assert (lede.text_content() or "").replace("\N{NO-BREAK SPACE}", " ") == said
        box = lede.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 640
        page.close()


def test_every_chart_is_drawn_and_told_in_words(browser: Browser, folder: Path) -> None:
    seen = opened(browser, folder)
    expected = [f for section in sections(read_contents(folder)) for f in section.figures]
    shown = {figure.get_attribute("id"): figure for figure in seen.page.locator("figure").all()}
    assert list(shown) == [figure.name for figure in expected]
    for figure in expected:
        chart = shown[figure.name].locator(".chart")
        assert figure.takeaway in str(chart.get_attribute("aria-label")).replace("\xa0", " ")
        box = chart.locator("svg").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 60
        assert shown[figure.name].locator("tbody tr").count() == len(figure.rows)
    marks = {
        "budget-split": ("rect", 6),  # of four strategies: 3 + 1 + 1 + 3 lines, or fewer
        "chance-of-being-best": ("rect", 4),
        "range-conversions": ("symbol", 4),
        "marginal-return": ("rect", 1),
        "response-1-nano": ("line", 1),
        "frequency-build-up": ("symbol", 10),
    }
    for name, (kind, least) in marks.items():
        assert shown[name].locator(f".mark-{kind}.role-mark path").count() >= least
    seen.page.close()


def test_no_label_of_a_chart_covers_another_or_leaves_its_figure(
    browser: Browser, folder: Path
) -> None:
    page = opened(browser, folder).page
    clashes = page.evaluate(
        """() => {
          const found = [];
          for (const svg of document.querySelectorAll(".chart svg")) {
            const boxes = [...svg.querySelectorAll("text")]
              .filter((text) => text.textContent && getComputedStyle(text).opacity !== "0")
              .map((text) => [text.textContent, text.getBoundingClientRect()]);
            const edge = svg.closest("figure").getBoundingClientRect();
            for (const [said, a] of boxes) {
              if (a.left < edge.left - 2 || a.right > edge.right + 12) found.push([said]);
              for (const [other, b] of boxes) {
                const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (said < other && wide > 2 && high > 4) found.push([said, other]);
              }
            }
          }
          return found;
        }"""
    )
    assert clashes == []
    page.close()


def test_tables_sort_by_what_is_meant_and_the_theme_turns(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder).page
    table = page.locator("#media-plan table")
    table.get_by_role("button", name="Spend").click()
    cells = table.locator("tbody tr td:nth-child(2)").all()
    values = [float(str(cell.get_attribute("data-value"))) for cell in cells]
    assert values == sorted(values, reverse=True)
    table.get_by_role("button", name="Spend").click()
    cells = table.locator("tbody tr td:nth-child(2)").all()
    assert [float(str(c.get_attribute("data-value"))) for c in cells] == sorted(values)
    assert table.locator("th[aria-sort=ascending]").count() == 1
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the media plan").click()
    assert download.value.path().read_bytes() == (folder / "plan.csv").read_bytes()
    page.close()


def test_it_prints_in_light_with_whole_charts(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    page = opened(browser, folder, scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    kept = page.evaluate(
        "[...document.querySelectorAll('figure')].map((f) => [getComputedStyle(f).breakInside, "
        "f.offsetHeight])"
    )
    assert all(way == "avoid" and height < 900 for way, height in kept)
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    page.close()


def test_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    seen = opened(browser, run_folder(HOSTILE_BRIEF, tmp_path), width=360)
    page = seen.page
    assert seen.complaints == []
    assert len(seen.requests) == 1
    assert not scrolls_sideways(page)
    assert page.locator("img, iframe, svg svg").count() == 0
    told = page.locator("#media-plan").text_content() or ""
    for name in HOSTILE:
        assert name in told
    assert serious(page) == []
    page.close()


@contextmanager
def exploring(browser: Browser, folder: Path) -> Iterator[Watched]:
    """Yield the explore page of a run."""
    command = [TIERMIX, "explore", str(folder), "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr is not None
        address = re.search(r"http://\S+", served.stderr.readline())
        assert address
        seen = watched(browser, address[0])
        seen.page.wait_for_selector("#question[data-state=answered]")
        yield seen
        seen.page.close()
        served.terminate()
        served.stderr.read()


@pytest.fixture(scope="module")
def explored(browser: Browser, folder: Path) -> Iterator[Watched]:
    """Yield the explore page of the run."""
    with exploring(browser, folder) as seen:
        yield seen


def test_hostile_names_stay_text_while_exploring(browser: Browser, tmp_path: Path) -> None:
    with exploring(browser, run_folder(HOSTILE_BRIEF, tmp_path, report=False)) as seen:
        assert seen.complaints == []
        labels = [label.text_content() for label in seen.page.locator(".line label").all()]
        assert labels == list(HOSTILE)
        assert seen.page.locator("img, iframe, main script").count() == 0
        seen.page.set_viewport_size({"width": 360, "height": 900})
        assert not scrolls_sideways(seen.page)


def test_the_explore_page_tells_what_simulate_tells(explored: Watched, tmp_path: Path) -> None:
    page = explored.page
    page.fill("#budget", "45000")
    page.press("#budget", "Tab")
    for number, percent in ((1, "25"), (2, "40"), (3, "20")):
        page.fill(f"#share-{number}", percent)
        page.press(f"#share-{number}", "Tab")
    page.wait_for_selector("#question[data-state=answered]")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download scenario").click()
    text = download.value.path().read_text()
    file = tmp_path / "explored.yaml"
    file.write_text(text)
    done = subprocess.run(
        [TIERMIX, "simulate", str(file), "--json"], capture_output=True, check=True, text=True
    )
    expected = json.loads(done.stdout)["strategies"]["explored"]
    assert sum(expected["plan"].values()) == pytest.approx(45_000 * 0.85)
    from tiermix.explore.answers import shown

    rows = page.locator("#outcomes tbody tr.yours").all()
    assert len(rows) > 4
    for row in rows:
        metric = str(row.get_attribute("data-metric"))
        found = expected["metrics"][metric]
        cells = [cell.text_content() for cell in row.locator("td, th").all()]
        ends = [shown(metric, found[key], "USD") for key in ("p5", "p95")]
        assert cells[2:4] == [shown(metric, found["mean"], "USD"), " to ".join(ends)]


def test_the_explore_page_is_quiet_and_accessible(explored: Watched) -> None:
    page = explored.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not scrolls_sideways(page)
        assert serious(page) == []
    own = re.match(r"http://127\.0\.0\.1:\d+/", page.url)
    assert own
    assert all(request.startswith((own[0], "data:", "blob:")) for request in explored.requests)
    assert explored.complaints == []


def test_the_best_split_is_the_optimum_and_can_be_taken(explored: Watched) -> None:
    page = explored.page
    page.get_by_role("button", name="Back to the run").click()
    page.wait_for_selector("#question[data-state=answered]")
    page.get_by_role("button", name="Take the best split").click()
    page.wait_for_selector("#question[data-state=answered]")
    optimum = document(analysed(BRIEF))["optimum"]
    for input_, spend in zip(page.locator(".share").all(), optimum["plan"].values(), strict=True):
        assert float(input_.input_value()) == pytest.approx(spend / 600, abs=0.06)
    assert "100" in (page.locator("#comparison").text_content() or "")
