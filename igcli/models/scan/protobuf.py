"""Protobuf's wire format, as far as a scan needs it: fields of known length."""

from collections.abc import Iterator
from typing import TypeAlias

View: TypeAlias = memoryview


class Broken(Exception):
    """Bytes that are no protocol buffer."""


def messages(data: View, number: int) -> Iterator[View]:
    """Return what stands in one field, each time it is there."""
    return (value for found, value in fields(data) if found == number)


def text(value: View) -> str:
    """Return a field as text."""
    return bytes(value).decode("utf-8", "replace")


def fields(data: View) -> Iterator[tuple[int, View]]:
    """Walk the length-delimited fields of a protocol buffer message, and step over all others."""
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        kind = key & 7
        if kind == 0:
            _, place = _varint(data, place)
            continue
        if kind == 2:
            size, place = _varint(data, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise Broken(f"it has a field of kind {kind}")
        if place + size > end:
            raise Broken("it ends too early")
        if kind == 2:
            yield key >> 3, data[place : place + size]
        place += size


def _varint(data: View, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise Broken("it ends too early")
