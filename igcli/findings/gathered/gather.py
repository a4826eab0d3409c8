"""Gather all findings of a run, each from what was searched for it."""

from igcli.common.errors import ConfigError, IgcliError, InputError
from igcli.common.text import on_one_line
from igcli.findings.gathered.finding import LOCATED, PLACE, SECTIONS, Gathered
from igcli.findings.gathered.of_baseline import baseline_found
from igcli.findings.gathered.of_maps import (
    Searched,
    clusters_found,
    notes_of_clusters,
    notes_of_places,
    notes_of_standing,
    places_found,
    search_maps,
    standing_found,
)
from igcli.findings.gathered.of_objects import Spots, located_found
from igcli.findings.gathered.of_rows import accuracy_found, failures_found, unconverged_found
from igcli.findings.summary_text import COUNTED, read
from igcli.store.run import StoredRun


def search_if_able(run: StoredRun, column: str | None, seed: int) -> Searched | str:
    """Return what a run's maps say together, or in a line why they were not searched.

    Raises
    ------
    ConfigError
        When rows are to be grouped by something that no row has.
    NotWhole
        When the run is damaged.
    """
    try:
        return search_maps(run, column, seed)
    except InputError as error:
        return _why_not(error)
    except ConfigError as error:
        if column is not None:
            raise
        return _why_not(error)


def _why_not(error: IgcliError) -> str:
    return f"maps were not searched: {on_one_line(error.problem)}"


def gather(run: StoredRun, searched: Searched | str, spots: Spots | None) -> Gathered:
    """Return all findings of a run.

    Parameters
    ----------
    run : StoredRun
        The run.
    searched : Searched or str
        What its maps say together, or why they were not searched.
    spots : Spots or None
        How well its attributions are located; None where nothing tells.
    """
    found = [
        *accuracy_found(run),
        *baseline_found(run),
        *failures_found(run.rows),
        *unconverged_found(run.rows),
    ]
    notes = []
    if isinstance(searched, str):
        notes.append((PLACE, searched))
    else:
        standing = list(standing_found(searched.summary))
        found += [*places_found(searched.summary), *standing, *clusters_found(searched.clusters)]
        notes += [
            *notes_of_places(searched.summary),
            *notes_of_standing(searched.summary, standing),
            *notes_of_clusters(searched.clusters),
        ]
    if spots is not None:
        found += located_found(spots)
        if not spots.measured:
            why = ", ".join(f"{count} {left}" for left, count in spots.left_out.items())
            notes.append((LOCATED, f"nothing could be located: {why}"))
    order = list(SECTIONS)
    return Gathered(
        str(run.about.get("run", "")),
        len(run.rows),
        "" if isinstance(searched, str) else _read(searched),
        tuple(sorted(found, key=lambda one: order.index(one.kind))),
        tuple(notes),
    )


def _read(searched: Searched) -> str:
    text = read(searched.summary)
    if searched.per_input > 1:
        text += f"; of each input's {searched.per_input} explanations the first"
    if searched.names_places:
        text += f". {COUNTED[0].upper()}{COUNTED[1:]}"
    return text
