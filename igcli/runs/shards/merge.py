"""The merge of shards into one run directory, which needs none of them afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from igcli.common.errors import OutputError, OutputVanished, RunStopped, first_line, reason
from igcli.common.explanation import input_id, rank_of
from igcli.common.notes import notes_from_json
from igcli.common.progress import Track
from igcli.common.totals import Tally
from igcli.runs.planning.preprocess_choice import Preprocessing
from igcli.runs.result import RunResult
from igcli.runs.selection import Selection
from igcli.runs.shards.merged_run_json import merged_about
from igcli.runs.shards.shards import Shard, read_shards
from igcli.store.files import link_or_copy
from igcli.store.folder import RunFolder
from igcli.store.kept import read_kept
from igcli.store.lock import RunLock
from igcli.store.outdir import check_out, check_sources, make_out
from igcli.store.picture_names import PictureNames, names_by_stem
from igcli.store.reader import read_rows
from igcli.store.run_json import read_about
from igcli.store.sources import read_entries


def merge(out: Path, outs: Sequence[Path], overwrite: bool, track: Track) -> RunResult:
    """Join finished shards into one run directory.

    What they hold is packed into one file. Where the disk has no room for that, parts get a second
    name there, as pictures do, or are copied where the file system has none.

    Parameters
    ----------
    out : Path
        Where to.
    outs : sequence of Path
        The shards' run directories, in any order.
    overwrite : bool
        Whether an earlier run in `out` may be replaced.
    track : callable
        Wraps the iteration over parts.

    Raises
    ------
    IgcliError
        When `out` can't be written, a part is damaged, or the shards don't make up one run;
        RunStopped when it can't go on, or is interrupted: what is in `out` then is told.
    """
    _check_out(out, outs, overwrite)
    shards = read_shards(outs)
    parts = [(shard.run, file) for shard in shards for file in shard.run.files]
    try:
        for run, file in track(parts, len(parts)):
            run.check_file(file)
    except KeyboardInterrupt as error:
        raise RunStopped(
            f"interrupted: nothing was written to OUT {out}", fix="merge again"
        ) from error
    make_out(out)
    with RunLock(out):
        try:
            return _merge(out, shards)
        except (KeyboardInterrupt, OSError, OutputVanished) as error:
            raise _stopped(out, len(parts), error) from error


def _check_out(out: Path, outs: Sequence[Path], overwrite: bool) -> None:
    for source in outs:
        if source.resolve() == out.resolve():
            raise OutputError(
                f"OUT {out} is one of the shards",
                "merging would replace it",
                "name another folder as OUT, before the shards",
            )
    about = read_about(out)
    if about and not overwrite:
        finished = about.get("status") == "complete"
        raise OutputError(
            f"OUT {out} holds {'a run already' if finished else 'an unfinished run'}",
            fix="add --overwrite to replace it, or name another folder as OUT, before the shards",
        )
    check_out(out, overwrite)
    check_sources(out, outs)


def _stopped(out: Path, parts: int, error: BaseException) -> RunStopped:
    """Return the error that tells what there is of a merged run."""
    listed = len(read_entries(out, str(read_about(out).get("run"))))
    there = f"{listed} of {parts} parts are in it" if listed else "no part is in it"
    again = "merge again with --overwrite"
    problem = f"stopped before OUT {out} was whole, {there}"
    if isinstance(error, OutputVanished):
        return RunStopped(problem, first_line(error), "merge again")
    if isinstance(error, OSError):
        return RunStopped(problem, reason(error), f"see the cause, then {again}")
    return RunStopped(problem, "interrupted", again)


def _merge(out: Path, shards: Sequence[Shard]) -> RunResult:
    about = {"run": uuid4().hex, **merged_about(out, shards)}
    folder = RunFolder(out, about)
    files = [file for shard in shards for file in shard.files]
    folder.pack(files)
    if folder.unpacked:
        for file in files:
            folder.adopt(file)
    pictures = any(
        shard.run.layout.image_shape or shard.run.kept.regions is not None for shard in shards
    )
    undrawn = []
    if pictures and about["config"]["overlays"]:
        undrawn = _take_overlays(out, shards, about["per_input"])
    folder.join(about["config"]["save"])
    tally = Tally()
    tally.add_all(read_rows(file.span for file in folder.files))
    result = _result(out, shards, about, tally, pictures, undrawn, folder.unpacked)
    outcome = {
        "counts": {**result.counts(), "stored": folder.stored},
        **result.accuracy_facts(),
        "seconds": round(result.seconds, 3),
        "undrawn": dict(undrawn),
        "parts_kept": folder.unpacked or None,
        "input_sha256": tally.hashes,
    }
    folder.finish("complete", outcome)
    return result


def _take_overlays(out: Path, shards: Sequence[Shard], per_input: int) -> list[tuple[str, str]]:
    """Link the shards' overlays; return the ids of those that are not there, and why not."""
    rows = [
        [(row.id, row.status) for row in read_rows(file.span for file in shard.files)]
        for shard in shards
    ]
    # Whether names clash is a matter of all inputs, as it was for each shard.
    ids = list(dict.fromkeys(input_id(i, per_input) for own in rows for i, _ in own))
    names = {by_stem: PictureNames(ids, by_stem) for by_stem in (False, True)}
    missing = []
    for shard, own in zip(shards, rows, strict=True):
        own_names, reasons = names[names_by_stem(shard.about)], shard.about.get("undrawn", {})
        for identity in (identity for identity, status in own if status == "ok"):
            base, rank = input_id(identity, per_input), rank_of(identity, per_input)
            picture = own_names.path(shard.out, base, rank)
            path = names[names_by_stem(shards[0].about)].path(out, base, rank)
            if picture.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(picture, path)
            else:
                why = reasons.get(identity, "its picture is gone")
                missing.append((identity, f"SHARD {shard.out} lacks it: {why}"))
    return missing


def _result(
    out: Path,
    shards: Sequence[Shard],
    about: dict[str, Any],
    tally: Tally,
    pictures: bool,
    undrawn: list[tuple[str, str]],
    parts_kept: str,
) -> RunResult:
    return RunResult(
        out=out,
        asked=about["inputs"]["of"] * about["per_input"],
        before=0,
        here=tally.ok + len(tally.failures),
        tally=tally,
        seconds=sum(shard.about["seconds"] for shard in shards),
        method=f"{about['settled']['method']}, {_in_words(shards)}",
        pictures=pictures,
        overlays=about["config"]["overlays"],
        per_input=about["per_input"],
        undrawn=undrawn,
        saved_npy="npy" in about["config"]["save"],
        has_tolerance=about["settled"]["accuracy"] is not None,
        execution={key: about[key] for key in ("device", "precision", "batching")},
        pixels=Preprocessing(
            about["settled"].get("preprocess"), about["settled"].get("preprocess_why") or ""
        ).in_words,
        notes=tuple(notes_from_json(about["notes"])),
        parts_kept=parts_kept,
        certifies_regions=read_kept(about).certified,
        selection=Selection.from_dict(about["where"]) if "where" in about else None,
        conditions=tuple(about["config"].get("where", ())),
    )


def _in_words(shards: Sequence[Shard]) -> str:
    empty = sum(shard.is_empty for shard in shards)
    without = f", {empty} of them without inputs" if empty else ""
    return f"{len(shards)} shard{'s' if len(shards) != 1 else ''}{without}"
