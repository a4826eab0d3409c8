"""The sanity check in words: a table by depth, the verdict, and the same in Markdown."""

from collections.abc import Iterator

from igcli.common.choices import CASCADE, EDGES, INITIAL
from igcli.common.markdown import plain, table
from igcli.common.text import in_columns, on_one_line, the_first
from igcli.evaluation.sanity.likeness import Kept
from igcli.evaluation.sanity.redraw_steps import ALL, ALL_AGAIN
from igcli.evaluation.sanity.sanity_verdict import DEPEND, NOT, UNCLEAR, Sanity, means_of

_SHOWN = ("cosine", "spearman", "coarse", "top5")
_NAMED = 3
_WIDE = 30
_TITLES = {
    DEPEND: "the maps DEPEND on the model",
    NOT: "the maps DO NOT DEPEND on the model",
    UNCLEAR: "NOT CLEAR whether the maps depend on the model",
}


def lines(found: Sanity) -> Iterator[str]:
    """Yield the summary."""
    yield f"sanity     {headline(found)}"
    yield f"weights    {_weights(found)}"
    yield ""
    for line in in_columns([_head(found), *_rows(found)]):
        yield line.rstrip()
    yield ""
    yield f"verdict    {verdict_line(found)}"
    for note in _notes(found):
        yield f"           {note}"


def markdown(found: Sanity) -> str:
    """Return a comment for a pull request."""
    text = [
        f"### igcli sanity: {_TITLES[found.verdict]}",
        "",
        plain(f"{headline(found)}. {verdict_line(found)}"),
        "",
        *table(_head(found), (tuple(plain(cell) for cell in row) for row in _rows(found))),
        "",
        *(f"- {plain(note)}" for note in _notes(found)),
    ]
    return "\n".join(text) + "\n"


def headline(found: Sanity) -> str:
    """Say what was looked at."""
    maps = "edges (Sobel), passed off as maps" if found.request.maps == EDGES else "maps"
    order = "from the top down" if found.request.order == CASCADE else "one at a time"
    return (
        f"{len(found.ids)} {maps} of {on_one_line(found.request.config.model.name)}, its "
        f"{len(found.layers)} layers redrawn {order}"
    )


def verdict_line(found: Sanity) -> str:
    """Say whether the maps depend on the model, and by what."""
    most = found.request.most_kept
    share = found.left
    if share is None:
        return f"{_TITLES[found.verdict]}: too few maps can be told from unrelated ones"
    return (
        f"{_TITLES[found.verdict]}: without its weights {_percent(share)} of their likeness "
        f"({found.request.metric}) is left; {most:.0%} would be too much"
    )


def _weights(found: Sanity) -> str:
    how = {
        "drawn": "drawn from their initialisers",
        "constant": "set to their constant",
        "permuted": "permuted",
        "measured": "of BatchNorm's statistics measured anew on these images",
    }
    told = ", ".join(f"{count} tensors {how[key]}" for key, count in found.made.items() if count)
    asked = "" if found.request.redraw == INITIAL else " (--redraw permuted)"
    return f"{told}{asked}; seed {found.request.config.seed}"


def _head(found: Sanity) -> tuple[str, ...]:
    control = ("edges kept",) if found.control else ()
    return ("redrawn", "layers", "changed", *_columns(found), "kept", "", *control)


def _rows(found: Sanity) -> Iterator[tuple[str, ...]]:
    count, width = len(found.ids), len(_head(found))
    same = means_of(found.anchors.same)
    yield _padded(("none, two computations", "0", "", *_numbers(found, same), "100%"), width)
    of = len(found.layers)
    for i, seen in enumerate(found.seen):
        share, control = found.kept(seen.likeness), found.control_kept(i)
        cells = (
            _short(seen.title) if seen.title in (ALL, ALL_AGAIN) else _named(seen.title, found),
            f"{len(seen.redrawn)}/{of}",
            f"{int(seen.changed.sum())}/{count}",
            *_numbers(found, seen.means()),
            *_two(share),
            *(() if found.control is None else (_two(control)[0],)),
        )
        yield cells
    between = _numbers(found, means_of(found.between))
    yield _padded(("those two, of one image", "", "", *between, *_two(found.image_alone)), width)
    unrelated = _numbers(found, means_of(found.anchors.unrelated))
    yield _padded(("and of other images", "", "", *unrelated, "0%"), width)


def _named(title: str, found: Sanity) -> str:
    return _short(f"down to {title}" if found.request.order == CASCADE else title)


def _short(title: str) -> str:
    title = on_one_line(title)
    return title if len(title) <= _WIDE else f"…{title[1 - _WIDE :]}"


def _columns(found: Sanity) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_SHOWN, found.request.metric)))


def _numbers(found: Sanity, means: dict[str, float | None]) -> Iterator[str]:
    for name in _columns(found):
        value = means[name]
        yield "none" if value is None else f"{value:.3f}"


def _two(share: Kept | None) -> tuple[str, str]:
    if share is None:
        return "none", ""
    low, high = share.interval
    return _whole(share.share), f"({_whole(low)} to {_whole(high)})"


def _whole(share: float) -> str:
    """Return whole percent, no minus before a zero."""
    return f"{round(100.0 * share)}%"


def _percent(share: Kept) -> str:
    return " ".join(_two(share))


def _padded(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells, *("",) * (width - len(cells)))


def _notes(found: Sanity) -> Iterator[str]:
    image = found.image_alone
    if image is not None:
        yield f"two redrawn models share {_percent(image)}: so much the image alone makes"
    if found.gone_from:
        yield f"from {on_one_line(found.gone_from)} down no more is left than that"
    if found.control is not None:
        control = found.control_kept(len(found.seen) - 1)
        if control is not None:
            yield f"an edge detector in their place keeps {_whole(control.share)}"
    yield from _by_metric(found)
    yield from _troubles(found)


def _by_metric(found: Sanity) -> Iterator[str]:
    """Say what other metrics leave: signs may change where places do not."""
    told = []
    for name in _columns(found):
        share = found.kept(found.of_every_layer, name)
        if name != found.request.metric and share is not None:
            told.append(f"{name} {_two(share)[0]}")
    if told:
        yield f"by other metrics: {', '.join(told)}"


def _troubles(found: Sanity) -> Iterator[str]:
    short = sum(len(seen.short) for seen in found.seen)
    flat = {name for seen in found.seen for name in seen.flat}
    if short:
        of = len(found.seen) * len(found.ids)
        yield f"{short} of {of} maps of redrawn models missed the tolerance: --json names them"
    if flat:
        yield f"zero maps of redrawn models, unlike any other: {the_first(sorted(flat), _NAMED)}"
    failed = {name: why for seen in found.seen for name, why in seen.failed.items()}
    for title, named in (("not judged", found.failed), ("failed when redrawn", failed)):
        if named:
            told = [on_one_line(f"{name}: {why}") for name, why in named.items()]
            yield f"{title}: {the_first(told, _NAMED)}"
    if found.kept_weights:
        yield f"not redrawn, no learned weights: {the_first(found.kept_weights, _NAMED)}"
