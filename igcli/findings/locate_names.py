"""The names that locate goes by: which entry of a file or folder is of which input."""

from collections import Counter
from collections.abc import Callable, Sequence

from igcli.common.picture_files import without_ending


def _last(name: str) -> str:
    return name.rpartition("/")[2]


# Tried one after the other.
_KEYS: tuple[Callable[[str], str], ...] = (
    str,
    without_ending,
    _last,
    lambda name: without_ending(_last(name)),
)


def match(names: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
    """Return the name of each id that has one.

    A name is the id itself, or the id without its ending, without its folders, or without both, as
    long as no other name and no other id is called so.
    """
    found: dict[str, str] = {}
    for key in _KEYS:
        taken = set(found.values())
        open_names = [name for name in dict.fromkeys(names) if name not in taken]
        open_ids = [identity for identity in dict.fromkeys(ids) if identity not in found]
        once = {k for k, n in Counter(map(key, open_names)).items() if n == 1}
        by_key = {key(name): name for name in open_names if key(name) in once}
        alike = Counter(map(key, open_ids))
        found |= {
            identity: by_key[key(identity)]
            for identity in open_ids
            if alike[key(identity)] == 1 and key(identity) in by_key
        }
    return found
