"""What axe-core finds against WCAG 2.2 AA and its best practice."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
BEST_PRACTICE = "best-practice"


def violations(
    page: Page, context: str | None = None, rules: tuple[str, ...] = (*WCAG, BEST_PRACTICE)
) -> list[tuple[str, list[str]]]:
    """Return rule and first elements of every violation.

    The page is opened with `bypass_csp=True`, only so that the checker may put its script into it. Places that keep a
    rule are not described (`resultTypes`): on a whole report that takes longer than the check.
    """
    options = {"runOnly": list(rules), "resultTypes": ["violations"]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found]
