"""One pass over a plan: read → score → integrate → draw → store, each ahead of the next."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from igcli.about import about
from igcli.errors import IgcliError, RunStopped
from igcli.explain import explain
from igcli.figures.overlay import draw_overlay
from igcli.plan import Plan
from igcli.preprocess import is_image_shape
from igcli.records import Explanation
from igcli.result import RunResult, Tally
from igcli.store.layout import overlay_path, whole_file
from igcli.store.writer import RunWriter, Status
from igcli.threads import ahead

Track: TypeAlias = Callable[[Iterable[Explanation], int], Iterable[Explanation]]

_DRAWERS = 2
_DRAWN_AHEAD = 16


def run(plan: Plan, track: Track) -> RunResult:
    """Explain every input of a plan and write the run directory.

    Parameters
    ----------
    plan : Plan
        What `igcli.plan.make_plan` returned.
    track : callable
        Wraps the iteration over finished explanations, to show progress; gets their number too.

    Returns
    -------
    RunResult
        The counts, also after an interruption: what was finished by then is stored.

    Raises
    ------
    RunStopped
        When the machine gave out (disk, memory) part-way; what was finished by then is stored.
    """
    config, space = plan.config, plan.source.space
    pictures = is_image_shape(space.shape)
    writer = RunWriter(config.out, space.shape, pictures, about(plan))
    tally = Tally(plan.gates)
    started = time.monotonic()
    explanations = explain(plan)
    if pictures and config.overlays:
        draw = partial(_draw, out=config.out)
        explanations = ahead(draw, explanations, _DRAWERS, _DRAWN_AHEAD)
    stopped: Exception | None = None
    try:
        for explanation in track(explanations, _asked(plan)):
            writer.add(explanation)
            tally.add(explanation)
    except KeyboardInterrupt:
        pass
    except (OSError, IgcliError) as error:
        stopped = error
    result = RunResult(
        out=config.out,
        asked=_asked(plan),
        tally=tally,
        seconds=time.monotonic() - started,
        method=plan.method.title,
        gates=plan.gates,
        pictures=pictures and config.overlays,
        why_no_pictures="--no-overlays" if pictures else "the inputs are no pictures",
        saved_npy="npy" in config.save,
    )
    _finish(writer, result, plan, stopped)
    return result


def _finish(writer: RunWriter, result: RunResult, plan: Plan, stopped: Exception | None) -> None:
    status: Status = "complete" if result.complete and stopped is None else "partial"
    outcome = {
        "counts": result.counts(),
        "seconds": round(result.seconds, 3),
        "input_sha256": result.tally.hashes,
    }
    try:
        writer.finish(status, outcome, plan.config.save)
    except OSError as error:
        stopped = stopped or error
    if stopped is not None:
        cause = stopped.problem if isinstance(stopped, IgcliError) else str(stopped)
        fix = stopped.fix if isinstance(stopped, IgcliError) else "free the disk"
        raise RunStopped(
            f"stopped after {result.done} of {result.asked}, which are kept in {result.out}",
            cause,
            f"{fix}, then run again with --overwrite",
        ) from stopped


def _draw(explanation: Explanation, out: Path) -> Explanation:
    """Write the overlay of an explanation, and pass it on."""
    if explanation.attribution is not None and explanation.image is not None:
        path = overlay_path(out, explanation.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = draw_overlay(explanation.attribution, explanation.image, caption(explanation))
        with whole_file(path) as temporary:
            picture.save(temporary, format="PNG")
    return explanation


def caption(explanation: Explanation) -> list[str]:
    """Return the two lines below an overlay: class, then score and delta."""
    return [
        f"class {explanation.target} {explanation.target_name}".rstrip(),
        f"score {explanation.score:.4g}   delta {explanation.delta:+.2g}",
    ]


def _asked(plan: Plan) -> int:
    return len(plan.names) * plan.targets.per_input
