"""name_matching: which entry of a file or folder of names is of which input."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

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


def match(names: Sequence[str], files: Mapping[str, str]) -> dict[str, str]:
    """Return the name of each input that has one, by the inputs' ids.

    A name is the id itself, or the id without its ending, without its folders, or without both, as
    long as no other name and no other id is called so. What is left is tried by the inputs' files,
    in the same way: a list may give them other ids.

    Parameters
    ----------
    names : sequence of str
        What is called somehow.
    files : mapping of str to str
        The inputs' files by their ids.
    """
    found = _match(names, list(files))
    taken = set(found.values())
    left = {identity: path for identity, path in files.items() if identity not in found}
    by_file = _match([name for name in names if name not in taken], list(left.values()))
    return found | {i: by_file[path] for i, path in left.items() if path in by_file}


def _match(names: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
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
