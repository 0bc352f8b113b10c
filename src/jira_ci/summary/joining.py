"""The page of a gated deployment: under one heading what the gate decided, and then what Jira was told."""

from __future__ import annotations

from jira_ci.summary.parts import Block, Heading, Mark, Page, state


def refused(gate: Page, report: Page | None) -> Page:
    """A deployment that did not start.

    Args:
        report: what Jira was told of it all the same; ``None`` when it was not.
    """
    went_well = gate.title.tone == "good"  # the gate proceeds, and something else came in between
    title = Mark("off", "deployment not started") if went_well else gate.title
    return Page(title, _blocks(gate, report), gate.foot)


def deployed(gate: Page, report: Page | None, word: str) -> Page:
    """A deployment that started.

    Args:
        word: Jira's word for how it ended.
    """
    ended = state(word)
    return Page(Mark(ended.tone, f"deployment {ended.word}"), _blocks(gate, report), gate.foot)


def _blocks(gate: Page, report: Page | None) -> tuple[Block, ...]:
    if report is None or not report.blocks:
        return gate.blocks
    return (Heading("Gate"), *gate.blocks, Heading("Report"), *report.blocks)
