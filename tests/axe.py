"""axe-core over a page that is open: https://github.com/dequelabs/axe-core."""

from __future__ import annotations

from typing import Any

from npm_packages import package
from playwright.sync_api import Page

GRAVE = ("serious", "critical")

_RUN = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations, passes } = await axe.run(document, { resultTypes: ["violations"], ...only });
  return {
    passes: passes.length,
    violations: violations.map(({ id, impact, help, nodes }) => ({
      id, impact, help, nodes: nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
    })),
  };
}"""


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """What breaks a rule of axe-core: {"id", "impact", "help", "nodes"}. Without `rules`: all that it checks unless
    told otherwise. Skips without npm."""
    script = (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    if not page.evaluate("typeof axe === 'object'"):
        # By the debugger's door: the page's own policy would not let it in, and stays as it is.
        page.evaluate(f"() => {{ {script} }}")
    found = page.evaluate(_RUN, list(rules))
    assert found["passes"] > (0 if rules else 10), "axe looked at nothing"
    return list(found["violations"])


def grave(page: Page, *rules: str) -> list[str]:
    """One line for each place that breaks a rule seriously."""
    return [
        f"{one['impact']} {one['id']} ({one['help']}): {node}"
        for one in violations(page, *rules)
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
