"""A packed file holds what the parts held, needs none of them, and is whole or not there."""

import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import NotWhole
from igcli.common.explanation import Explanation, Profile
from igcli.common.model_spec import Part
from igcli.store import content
from igcli.store.array_file import ArrayFile
from igcli.store.manifest import PartEntry
from igcli.store.maps import Maps
from igcli.store.packed import Packing, is_packed, read_packed
from igcli.store.parts import write_part
from igcli.store.seal import is_as_sealed
from igcli.store.view import write_view

LAYOUTS = {
    "picture": Maps((4, 3, 3), picture=Part("x", (4, 3, 3), 0)),
    "grey": Maps((4, 3), picture=Part("x", (4, 3), 0)),
    "vector": Maps((7,)),
    "number": Maps(()),
    "two inputs": Maps((19,), (Part("numbers", (3,), 0), Part("a/view", (4, 4, 1), 3)),
                       picture=Part("a/view", (4, 4, 1), 3)),
}  # fmt: skip
# Rows that failed: one within a block, and a whole block, which has no profiles then.
FAILED = {1, 5, 6}
READ = "import h5py, sys; print(h5py.File(sys.argv[1])['attributions'][:, 0].tolist())"


def explanation(row: int, maps: Maps, has_profile: bool = True) -> Explanation:
    if row in FAILED:
        return Explanation(row, f"ü{row}", "", "", status="failed", message="it\nbroke")
    random = np.random.default_rng(row)
    picture = maps.picture.shape if maps.picture else ()
    shape = (*picture, 1) if len(picture) == 2 else picture
    return Explanation(
        row, f"ü{row}", "path", "ab", target=row, score=row / 3, converged=True,
        attribution=random.standard_normal(maps.shape).astype(np.float32),
        image=random.integers(0, 256, shape, np.uint8) if maps.picture else None,
        profile=Profile(*random.random((3, row + 1))) if has_profile else None,
    )  # fmt: skip


def parts(
    out: Path,
    maps: Maps,
    blocks: Sequence[range],
    has_profile: bool = True,
    has_sums: bool = True,
) -> list[ArrayFile]:
    (out / "parts").mkdir(parents=True)
    files = []
    for rows in blocks:
        path = out / "parts" / f"part-{rows.start:09d}.h5"
        sums = write_part(path, [explanation(row, maps, has_profile) for row in rows], maps)
        entry = PartEntry("r", rows.start, len(rows), True, sums.size, sums.sha256, 0.5)
        if has_sums:
            entry = replace(entry, content=sums.content)
        files.append(ArrayFile(path, entry))
    return files


BLOCKS = [range(3), range(3, 5), range(5, 7), range(7, 8)]


def datasets(path: Path) -> dict[str, Any]:
    found = {}
    with h5py.File(path) as file:
        for name in ("attributions", "images", "profiles"):
            if name in file:
                node = file[name]
                if isinstance(node, h5py.Dataset):
                    found[name] = node[()]
                else:
                    node.visititems(
                        lambda key, item, name=name: (
                            found.__setitem__(f"{name}/{key}", item[()])
                            if isinstance(item, h5py.Dataset)
                            else None
                        )
                    )
        for name, node in file.items():
            if isinstance(node, h5py.Dataset) and name not in {"manifest", *found}:
                found[name] = node[()]
    return found


def pack(files: Sequence[ArrayFile], path: Path) -> list[PartEntry]:
    return Packing(files, "r").write(path, lambda: None)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("has_profile", [True, False])
@pytest.mark.parametrize("has_sums", [True, False])
def test_it_holds_what_the_view_shows(
    tmp_path: Path, name: str, has_profile: bool, has_sums: bool
) -> None:
    """Also where an earlier igcli wrote the parts, whose manifest has no checksums of content."""
    files = parts(tmp_path, LAYOUTS[name], BLOCKS, has_profile, has_sums)
    write_view(tmp_path, "r", [file.span for file in files])
    wanted = datasets(tmp_path / "attributions.h5")
    entries = pack(files, tmp_path / "attributions.h5")
    shutil.rmtree(tmp_path / "parts")
    found = datasets(tmp_path / "attributions.h5")
    assert set(found) == set(wanted) and ("profiles/alphas" in found) is has_profile
    for key, values in wanted.items():
        assert found[key].dtype == values.dtype, key
        np.testing.assert_array_equal(found[key], values, key)
    assert [(e.start, e.rows, e.place, e.final) for e in entries] == [
        (rows.start, len(rows), rows.start, True) for rows in BLOCKS
    ]
    assert read_packed(tmp_path / "attributions.h5", "r") == entries
    assert all(entry.is_whole(tmp_path) for entry in entries)
    assert sum(entry.seconds for entry in entries) == 2.0


def test_plain_h5py_reads_it_anywhere(tmp_path: Path) -> None:
    files = parts(tmp_path / "out", LAYOUTS["vector"], BLOCKS)
    pack(files, tmp_path / "out" / "attributions.h5")
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "out" / "attributions.h5", tmp_path / "elsewhere" / "mailed.h5")
    shutil.rmtree(tmp_path / "out")
    command = [sys.executable, "-c", READ, "elsewhere/mailed.h5"]
    read = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    values = [float(np.random.default_rng(i).standard_normal(7).astype("f4")[0]) for i in range(8)]
    wanted = ["nan" if row in FAILED else repr(values[row]) for row in range(8)]
    assert read.stdout.strip() == f"[{', '.join(wanted)}]"
    # Superblock version 2: HDF5 1.8 reads it.
    assert (tmp_path / "elsewhere" / "mailed.h5").read_bytes()[:9] == b"\x89HDF\r\n\x1a\n\x02"


def test_it_is_packed_again_with_other_blocks(tmp_path: Path) -> None:
    """A block that was computed again takes the place of the one in the packed file."""
    maps = LAYOUTS["picture"]
    first = pack(parts(tmp_path / "one", maps, BLOCKS), tmp_path / "attributions.h5")
    old = [ArrayFile(tmp_path / "attributions.h5", entry) for entry in first]
    (new,) = parts(tmp_path / "two", maps, [range(7, 8)])
    mended = replace(new, entry=replace(new.entry, start=5, rows=1))
    entries = pack([old[3], mended, *old[:2]], tmp_path / "again.h5")
    assert [(e.start, e.place) for e in entries] == [(7, 0), (5, 1), (0, 2), (3, 5)]
    # What is stored of rows has one checksum, wherever they lie.
    assert [e.sha256 for e in entries] == [first[i].sha256 for i in (3, 3, 0, 1)]
    with h5py.File(tmp_path / "again.h5") as file:
        assert file["targets"][()].tolist() == [7, 7, 0, -1, 2, 3, 4]


def test_memory_does_not_grow_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_MOST_BYTES", 1 << 16)
    maps = Maps((64, 64, 3), picture=Part("x", (64, 64, 3), 0))
    peaks = []
    for count in (4, 32):
        blocks = [range(start, start + 8) for start in range(100, 100 + 8 * count, 8)]
        files = parts(tmp_path / str(count), maps, blocks, has_profile=False)
        tracemalloc.start()
        pack(files, tmp_path / f"{count}.h5")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (tmp_path / f"{count}.h5").stat().st_size > 8 * count * 64 * 64 * 3 * 5
    assert peaks[1] < peaks[0] + 1_000_000 < 8_000_000


@pytest.mark.parametrize("piece", [0, 30, 60])
def test_what_ends_the_packing_changes_nothing(tmp_path: Path, piece: int) -> None:
    files = parts(tmp_path, LAYOUTS["picture"], BLOCKS)
    (tmp_path / "attributions.h5").write_bytes(b"before")
    left = piece

    def check() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Packing(files, "r").write(tmp_path / "attributions.h5", check)
    assert (tmp_path / "attributions.h5").read_bytes() == b"before"
    assert sorted(os.listdir(tmp_path)) == ["attributions.h5", "parts"]
    assert all(file.is_whole() for file in files)


def test_a_part_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    files = parts(tmp_path, LAYOUTS["vector"], BLOCKS)
    packing = Packing(files, "r")
    with h5py.File(files[2].path, "r+") as file:
        del file["attributions"]
    with pytest.raises(NotWhole, match="part-000000005.h5 can't be read"):
        packing.write(tmp_path / "attributions.h5", lambda: None)
    assert not (tmp_path / "attributions.h5").exists()


def test_parts_that_are_not_alike_are_refused(tmp_path: Path) -> None:
    files = parts(tmp_path / "one", LAYOUTS["vector"], BLOCKS[:2])
    (other,) = parts(tmp_path / "two", Maps((8,)), [range(5, 7)])
    with pytest.raises(NotWhole, match="/attributions is not alike in all parts"):
        pack([*files, other], tmp_path / "attributions.h5")


@pytest.mark.slow
def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    """By the seal, or by the checksum of the block that it lies in."""
    entries = pack(parts(tmp_path, Maps((2,)), BLOCKS), tmp_path / "attributions.h5")
    path = tmp_path / "attributions.h5"
    data = path.read_bytes()
    random = np.random.default_rng(0)
    with h5py.File(path) as file:
        begin = int(file["attributions"].id.get_offset())
    for place in (
        *range(begin, begin + 64),
        *random.integers(0, data.rindex(b"\n{"), 200).tolist(),
    ):
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        found = read_packed(path, "r")
        assert found == [] or not all(entry.is_whole(tmp_path) for entry in entries), place
        if begin <= place < begin + 64:
            damaged = [entry.start for entry in found if not entry.is_whole(tmp_path)]
            row = (place - begin) // 8
            assert damaged == [rows.start for rows in BLOCKS if row in rows]


def test_its_size_is_told_before(tmp_path: Path) -> None:
    files = parts(tmp_path, LAYOUTS["picture"], BLOCKS)
    packing = Packing(files, "r")
    packing.write(tmp_path / "attributions.h5", lambda: None)
    arrays = 8 * 4 * 3 * 3 * 5 + 8 * (1 + 3 + 4 + 5 + 8)
    assert arrays < (tmp_path / "attributions.h5").stat().st_size < packing.bytes < 100_000


@pytest.mark.parametrize("data", [b"", b"no HDF5"])
def test_what_is_not_packed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "attributions.h5"
    assert not is_packed(path) and read_packed(path, "r") == []
    path.write_bytes(data)
    assert not is_packed(path) and read_packed(path, "r") == []
    files = parts(tmp_path, LAYOUTS["vector"], BLOCKS)
    write_view(tmp_path, "r", [file.span for file in files])
    assert not is_packed(path) and read_packed(path, "r") == []
    pack(files, path)
    assert is_packed(path) and read_packed(path, "another") == []


def test_an_array_of_no_bytes(tmp_path: Path) -> None:
    maps = Maps((0,))
    entries = pack(parts(tmp_path, maps, [range(2, 4)]), tmp_path / "attributions.h5")
    with h5py.File(tmp_path / "attributions.h5") as file:
        empty: Array = file["attributions"][()]
        assert empty.shape == (2, 0) and file["targets"][()].tolist() == [2, 3]
    assert entries[0].is_whole(tmp_path)


def test_a_program_that_opened_it_to_write_has_not_spoilt_it(tmp_path: Path) -> None:
    path = tmp_path / "attributions.h5"
    entries = pack(parts(tmp_path, LAYOUTS["picture"], BLOCKS), path)
    with h5py.File(path, "r+") as file:
        file["mine"] = [1.0]
    assert is_as_sealed(path) is None and is_packed(path)
    assert read_packed(path, "r") == entries
    assert all(entry.is_whole(tmp_path) for entry in entries)
    with h5py.File(path, "r+") as file:
        file["scores"][4] = 9.0
    assert [entry.is_whole(tmp_path) for entry in entries] == [True, False, True, True]
