from dataclasses import replace
from pathlib import Path

import pytest

from igcli.store.layout import manifest_path, part_path
from igcli.store.manifest import PartEntry, append_entry, read_manifest, write_manifest

SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180
ENTRY = PartEntry("key", 0, 4, True, 3, SHA, 1.5)
SECOND = replace(ENTRY, start=4, final=False)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    append_entry(tmp_path, ENTRY)
    append_entry(tmp_path, SECOND)
    return tmp_path


def test_entries_come_back_in_row_order(out: Path) -> None:
    assert read_manifest(out, "key") == [ENTRY, SECOND]
    write_manifest(out, [SECOND, ENTRY])
    assert read_manifest(out, "key") == [ENTRY, SECOND]


def test_the_last_entry_of_a_row_counts(out: Path) -> None:
    later = replace(SECOND, rows=9, final=True)
    append_entry(out, later)
    assert read_manifest(out, "key") == [ENTRY, later]


def test_a_torn_last_line_does_not_count(out: Path) -> None:
    data = manifest_path(out).read_bytes()
    first = data.index(b"\n") + 1
    for end in range(first, len(data) - 1):
        manifest_path(out).write_bytes(data[:end])
        assert read_manifest(out, "key") == [ENTRY]


def test_no_changed_byte_goes_unseen(out: Path) -> None:
    data = manifest_path(out).read_bytes()
    for place in range(data.index(b"\n")):
        changed = bytearray(data)
        changed[place] ^= 1
        manifest_path(out).write_bytes(changed)
        assert read_manifest(out, "key") in ([SECOND], [ENTRY, SECOND])
        if read_manifest(out, "key") != [SECOND]:
            assert chr(data[place]).isspace()


def test_another_runs_lines_do_not_count(out: Path) -> None:
    append_entry(out, replace(ENTRY, run="other", start=8))
    assert read_manifest(out, "key") == [ENTRY, SECOND]
    assert [entry.start for entry in read_manifest(out, "other")] == [8]


def test_no_manifest_has_no_entries(tmp_path: Path) -> None:
    assert read_manifest(tmp_path, "key") == []


@pytest.mark.parametrize(
    ("data", "whole"), [(b"abc", True), (b"abd", False), (b"ab", False), (b"abc\0", False)]
)
def test_a_part_is_whole_byte_for_byte(out: Path, data: bytes, whole: bool) -> None:
    part_path(out, 0).write_bytes(data)
    assert ENTRY.is_whole(out) is whole
    assert not SECOND.is_whole(out)


def test_a_block_of_a_packed_file_comes_back_with_its_place(out: Path) -> None:
    packed = replace(ENTRY, start=8, file="parts/packed-000000000.h5", place=8)
    append_entry(out, packed)
    assert read_manifest(out, "key") == [ENTRY, SECOND, packed]
    assert packed.path(out) == out / "parts" / "packed-000000000.h5" and not packed.is_part
    lines = manifest_path(out).read_text().splitlines()
    assert '"file"' not in lines[0] and '"place"' not in lines[0]
    assert not packed.is_whole(out)


@pytest.mark.parametrize("file", ["/etc/passwd", "../other/attributions.h5", "parts/mine.h5", "x"])
def test_a_line_that_names_another_file_does_not_count(out: Path, file: str) -> None:
    append_entry(out, replace(ENTRY, start=8, file=file))
    assert read_manifest(out, "key") == [ENTRY, SECOND]
