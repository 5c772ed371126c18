"""Every page is reachable, every link and every path that a page names exists."""

from __future__ import annotations

import re

import pytest

from edgec.cli.main import main
from tests.contracts import tree
from tests.docs import blocks

PAGES = tuple(
    f for f in tree.files() if re.fullmatch(r"docs/[\w-]+\.md|README\.md|CHANGELOG\.md", f)
)
_LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]*)(?:#([\w-]+))?\)")
_PATH = re.compile(
    r"`((?:edgec|tests|runtime_c|targets|boards|examples|docs|benchmarks)/[\w./-]*[\w/])`"
)
EXAMPLES = {"edgec/ops/row_energy.py", "tests/unit/ops/test_row_energy.py"}
PLACEHOLDER = re.compile(r"/(?:NAME|ARCH)\b")


def anchors(text: str) -> set[str]:
    """The anchors that a forge gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = (blocks.ROOT / page).parent
    broken = []
    for target, anchor in _LINK.findall(blocks.page(page)):
        if target.startswith(("http://", "https://")):
            continue
        path = folder / target if target else blocks.ROOT / page
        found = path.exists()
        if not found or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(f"{target}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    named = {p for p in _PATH.findall(blocks.page(page)) if not PLACEHOLDER.search(p)} - EXAMPLES
    places = (blocks.ROOT, blocks.ROOT / "runtime_c/include")  # generated code says edgec/numeric.h
    assert {p for p in named if not any((place / p).exists() for place in places)} == set()


def test_the_readme_leads_to_every_page() -> None:
    linked = {target for target, _ in _LINK.findall(blocks.page("README.md"))}
    assert {page for page in PAGES if page.startswith("docs/")} - linked == set()


def test_the_list_of_operators_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "--markdown"]) == 0
    shown = capsys.readouterr().out
    assert blocks.page("docs/operators.md") == shown, "run `make docs` and commit the result"
