"""One pass over a plan: read → score → integrate → draw → store, each ahead of the next."""

import errno
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from igcli.about import about, ran
from igcli.batches import Batches
from igcli.checks import Checks
from igcli.errors import IgcliError, RunStopped
from igcli.explain import explain
from igcli.figures.overlay import draw_overlay
from igcli.plan import Plan
from igcli.records import Explanation, Part, Warn
from igcli.result import RunResult, Tally
from igcli.store.layout import overlay_path, whole_file
from igcli.store.writer import RunWriter, Status
from igcli.threads import ahead

Track: TypeAlias = Callable[[Iterable[Explanation], int], Iterable[Explanation]]

_DRAWERS = 2
_DRAWN_AHEAD = 64
# Three times faster than zlib's default of 6, for pictures a seventh larger.
_COMPRESSION = 1


def run(plan: Plan, track: Track, warn: Warn = lambda message: None) -> RunResult:
    """Explain every input of a plan and write the run directory.

    Parameters
    ----------
    plan : Plan
        What `igcli.plan.make_plan` returned.
    track : callable
        Wraps the iteration over finished explanations, to show progress; gets their number too.
    warn : callable
        Told what the first explanations give away; see `igcli.checks`.

    Returns
    -------
    RunResult
        The counts, also after an interruption: what was finished by then is stored.

    Raises
    ------
    RunStopped
        When the machine or the model gave out part-way; what was finished by then is stored.
    """
    config, maps = plan.config, plan.maps
    pictures = maps.picture is not None
    writer = RunWriter(config.out, maps, about(plan))
    tally = Tally(plan.gates)
    checks = Checks(plan.model.spec, warn)
    started = time.monotonic()
    batches = Batches(plan.model, plan.chosen.batching)
    explanations = explain(plan, batches)
    if maps.picture is not None and config.overlays:
        draw = partial(_draw, out=config.out, part=maps.picture)
        explanations = ahead(draw, explanations, _DRAWERS, _DRAWN_AHEAD)
    stopped: Exception | None = None
    try:
        for explanation in track(explanations, _asked(plan)):
            writer.add(explanation)
            tally.add(explanation)
            checks.add(explanation)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        stopped = error
    checks.finish()
    one_each = pictures and plan.targets.per_input == 1
    result = RunResult(
        out=config.out,
        asked=_asked(plan),
        tally=tally,
        seconds=time.monotonic() - started,
        method=plan.method.title,
        pictures=pictures and config.overlays,
        why_no_pictures="--no-overlays" if pictures else "what is explained is no picture",
        saved_npy="npy" in config.save,
        has_tolerance=plan.method.accuracy is not None,
        unit="images" if one_each else "explanations",
        ran=ran(plan, batches),
    )
    failure = _finish(writer, result, config.save, stopped)
    if isinstance(failure, (OSError, IgcliError, MemoryError)):
        raise _run_stopped(failure, writer.stored, result.asked, config.out) from failure
    if failure is not None:
        raise failure
    return result


def _finish(
    writer: RunWriter, result: RunResult, save: Sequence[str], stopped: Exception | None
) -> Exception | None:
    """Store what was finished; return what stopped the run, here or before."""
    try:
        writer.flush()
    except OSError as error:
        stopped = stopped or error
    outcome = {
        "counts": {**result.counts(), "stored": writer.stored},
        "seconds": round(result.seconds, 3),
        **result.ran,
        "input_sha256": result.tally.hashes,
    }
    status: Status = "complete" if result.complete and stopped is None else "partial"
    try:
        writer.finish(status, outcome, save)
    except OSError as error:
        stopped = stopped or error
    return stopped


def _run_stopped(failure: Exception, stored: int, asked: int, out: Path) -> RunStopped:
    fix = "see the cause"
    if isinstance(failure, IgcliError):
        cause = f"{failure.problem}: {failure.cause}" if failure.cause else failure.problem
        fix = failure.fix or fix
    elif isinstance(failure, OSError) and failure.errno:
        cause = os.strerror(failure.errno)
        fix = "free the disk" if failure.errno == errno.ENOSPC else f"check {out}"
    else:
        cause = str(failure).split("\n")[0] or type(failure).__name__
    kept = f"of which {stored} are kept in {out}" if stored else "and nothing is kept"
    return RunStopped(
        f"stopped before all {asked} were explained, {kept}",
        cause,
        f"{fix}, then run again with --overwrite",
    )


def _draw(explanation: Explanation, out: Path, part: Part) -> Explanation:
    """Write the overlay of an explanation, and pass it on."""
    if explanation.attribution is not None and explanation.image is not None:
        path = overlay_path(out, explanation.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = draw_overlay(
            part.of(explanation.attribution), explanation.image, caption(explanation)
        )
        with whole_file(path, synced=False) as temporary:
            picture.save(temporary, format="PNG", compress_level=_COMPRESSION)
    return explanation


def caption(explanation: Explanation) -> list[str]:
    """Return the two lines below an overlay: class, then score and delta."""
    return [
        f"class {explanation.target} {explanation.target_name}".rstrip(),
        f"score {explanation.score:.4g}   delta {explanation.delta:+.2g}",
    ]


def _asked(plan: Plan) -> int:
    return len(plan.names) * plan.targets.per_input
