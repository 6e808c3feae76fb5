"""The table of permissions as docs/people.md has it."""

from __future__ import annotations

from access.roles import LEAST, Role, may_role


def markdown() -> str:
    """Return a row for each verb and a column for each role."""
    head = f"| | {' | '.join(str(role.label) for role in Role)} |"
    rule = f"|---|{':-:|' * len(Role)}"
    rows = [
        f"| {str(verb.label)[:1].upper()}{str(verb.label)[1:]} | "
        + " | ".join("✓" if may_role(role, verb) else "" for role in Role)
        + " |"
        for verb in LEAST
    ]
    return "\n".join([head, rule, *rows])
