"""The gathered text: sections and sentences, for the terminal and as Markdown."""

from collections.abc import Iterator

from igcli.common.markdown import escaped
from igcli.findings.gathered.finding import SECTIONS, Gathered


def lines(found: Gathered) -> Iterator[str]:
    """Yield the terminal's lines: a section for each kind that has something to say."""
    if found.read:
        yield f"read  {found.read}"
    for kind in found.sections:
        yield SECTIONS[kind]
        yield from (f"  {'!' if one.is_bad else '-'} {one.text}" for one in found.of(kind))
        yield from (f"  - {note}" for note in found.notes_of(kind))
    if not found.sections:
        yield "nothing found"


def markdown(found: Gathered) -> str:
    """Return the findings as Markdown, GitHub's flavour."""
    written = []
    for kind in found.sections:
        written += [f"### {SECTIONS[kind]}", ""]
        written += [f"- {'❌ ' if one.is_bad else ''}{escaped(one.text)}" for one in found.of(kind)]
        written += [f"- {escaped(note)}" for note in found.notes_of(kind)]
        written.append("")
    return "\n".join(written)
