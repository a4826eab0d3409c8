"""HDF5 files of weights: nothing lies outside the file, and it is no larger than it looks.

Only what HDF5 says of its objects is read, and the one attribute that holds the model's config. No
link is followed before it is known to stay inside the file.
"""

from math import prod
from pathlib import Path
from typing import Any

import h5py

from igcli.common.errors import ModelError, first_line
from igcli.models.scan.strict_json import MAX_CONFIG_BYTES

_MAX_OBJECTS = 200_000
_MAX_ATTRIBUTES = 1_000
# Keras splits a longer list over several attributes.
_MAX_TEXTS = 4_096
_MAX_LINK_DEPTH = 64
# What deflates 32 times holds no weights.
_MAX_RATIO = 32
_SPARE_BYTES = 2**24
_SCALARS = frozenset("fiubSV")
# Filters that are part of HDF5 or h5py; any other is a library that HDF5 would load.
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
_SAVE_AGAIN = "save the model again with model.save"


def scan_hdf5(path: Path, file: Path, attribute: str = "") -> tuple[str | None, int]:
    """Check an HDF5 file's objects.

    Parameters
    ----------
    path : Path
        The model file, for messages.
    file : Path
        What to read: the same, or what a .keras archive has in it.
    attribute : str
        A text among the root's attributes to return.

    Returns
    -------
    value : str or None
        That attribute; None where there is none.
    weight_bytes : int
        How many bytes the file's datasets are, uncompressed.

    Raises
    ------
    ModelError
        With the object and the reason.
    """
    try:
        with h5py.File(file, "r") as opened:
            _check_links(path, opened)
            weight_bytes = _check_objects(path, opened, file.stat().st_size)
            value = opened.attrs.get(attribute) if attribute else None
            if isinstance(value, bytes):
                value = value.decode("utf-8")
            if not isinstance(value, (str, type(None))):
                raise ModelError(f"{path}: its {attribute} is no text", fix=_SAVE_AGAIN)
            return value, weight_bytes
    except ModelError:
        raise
    except Exception as error:
        # h5py answers broken files with nearly any type.
        cause = first_line(error)[:200]
        raise ModelError(f"{path} is not a readable HDF5 file", cause, _SAVE_AGAIN) from error


def _check_links(path: Path, file: Any) -> None:
    seen = 0

    # HDF5 does not carry an exception through: what is returned ends the visit.
    def visit(name: str, link: Any) -> ModelError | None:
        nonlocal seen
        seen += 1
        if isinstance(link, h5py.ExternalLink):
            what = f"{path}: {name!r} links to another file, {link.filename[:60]!r}"
            return ModelError(what, "a model is one file", _SAVE_AGAIN)
        if not isinstance(link, h5py.HardLink):
            return ModelError(f"{path}: {name!r} is a link", "Keras writes none", _SAVE_AGAIN)
        if seen > _MAX_OBJECTS or name.count("/") > _MAX_LINK_DEPTH:
            return ModelError(f"{path} has too many objects", f"{seen}, the last {name[-60:]!r}")
        return None

    if refused := file.visititems_links(visit):
        raise refused


def _check_objects(path: Path, file: Any, size: int) -> int:
    """Return how many bytes the datasets declare, once for each."""
    total = 0

    def visit(name: str, thing: Any) -> ModelError | None:
        nonlocal total
        try:
            total += _check_object(path, name, thing)
        except ModelError as error:
            return error
        if total > _MAX_RATIO * size + _SPARE_BYTES:
            what = f"{path}: {name!r} makes its weights {total:,} bytes"
            return ModelError(what, f"the file is {size:,}", _SAVE_AGAIN)
        return None

    _check_attributes(path, "/", file)
    if refused := file.visititems(visit):
        raise refused
    return total


def _check_object(path: Path, name: str, thing: Any) -> int:
    _check_attributes(path, name, thing)
    if isinstance(thing, h5py.Dataset):
        return _check_dataset(path, name, thing)
    if not isinstance(thing, h5py.Group):
        raise ModelError(f"{path}: {name!r} is neither a group nor a dataset")
    return 0


def _check_dataset(path: Path, name: str, dataset: Any) -> int:
    plist = dataset.id.get_create_plist()
    reasons = {
        "keeps its data in another file": plist.get_external_count() > 0,
        "is a view of other datasets": plist.get_layout() == h5py.h5d.VIRTUAL,
        f"holds {dataset.dtype}, no numbers": not _is_plain(dataset.dtype),
    }
    for reason, holds in reasons.items():
        if holds:
            raise ModelError(f"{path}: {name!r} {reason}", "Keras writes no such data", _SAVE_AGAIN)
    for i in range(plist.get_nfilters()):
        number = plist.get_filter(i)[0]
        if number not in _FILTERS:
            what = f"{path}: {name!r} needs the HDF5 filter {number}"
            raise ModelError(what, "a library would be loaded to read it", _SAVE_AGAIN)
    chunk = prod(dataset.chunks) if dataset.chunks else 0
    return int(max(prod(dataset.shape or ()), chunk) * dataset.dtype.itemsize)


def _is_plain(dtype: Any) -> bool:
    return dtype.kind in _SCALARS and dtype.fields is None and dtype.subdtype is None


def _check_attributes(path: Path, name: str, thing: Any) -> None:
    count = h5py.h5a.get_num_attrs(thing.id)
    if count > _MAX_ATTRIBUTES:
        raise ModelError(f"{path}: {name!r} has {count} attributes")
    for i in range(count):
        attribute = h5py.h5a.open(thing.id, index=i)
        numbers, dtype = prod(attribute.shape), attribute.dtype
        text = h5py.check_string_dtype(dtype)
        # Texts of any length are stored elsewhere, where many may share one.
        loose = text is not None and text.length is None
        known = numbers <= _MAX_TEXTS if loose else _is_plain(dtype)
        if not known or numbers * dtype.itemsize > MAX_CONFIG_BYTES:
            what = f"{path}: {name!r} has an attribute of {numbers:,} × {dtype}"
            raise ModelError(what, "Keras writes no such attributes", _SAVE_AGAIN)
    # A broken heap of texts shows when it is read.
    for _ in thing.attrs.values():
        pass
