"""A run folder: a run directory being written, by whoever holds its lock."""

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.errors import OutputVanished
from igcli.common.text import in_bytes
from igcli.store.array_file import ArrayFile, array_files
from igcli.store.columns import write_csv
from igcli.store.files import give_name, link_or_copy, sync_folder
from igcli.store.layout import (
    ATTRIBUTIONS,
    ATTRIBUTIONS_NPY,
    PARTS,
    RESULTS,
    packed_part_path,
    part_path,
)
from igcli.store.manifest import PartEntry, append_entry, write_manifest
from igcli.store.outdir import (
    remove_debris,
    remove_joined,
    remove_parts,
    remove_run,
    unlisted_parts,
)
from igcli.store.packed import Packing
from igcli.store.parts import save_npy
from igcli.store.run_json import Status, write_about
from igcli.store.sources import read_entries
from igcli.store.view import write_view

_FULL = {errno.ENOSPC, errno.EDQUOT}


class RunFolder:
    """One run directory being filled with parts, which are packed into one file in the end.

    Parameters
    ----------
    out : Path
        The run directory, which exists.
    about : dict
        What run.json says beside its status and counts; its "run" is the run's key.
    kept : sequence of PartEntry
        The blocks of an earlier run to keep, or to keep until they are replaced; everything else of
        it is removed.

    Attributes
    ----------
    unpacked : str
        Why `pack` left the parts as they are; "" where it did not.

    Raises
    ------
    OSError, OutputVanished
        From every method: what could not be written, or that `out` is not there any more.
    """

    def __init__(self, out: Path, about: dict[str, Any], kept: Sequence[PartEntry] = ()) -> None:
        self.out = out
        self.unpacked = ""
        self._about = about
        self._entries = {entry.start: entry for entry in kept}
        self._place = os.stat(out)
        # First of all: from here on nothing of an earlier run counts but what is kept.
        write_about(out, "running", about)
        if not kept:
            remove_run(out)
        elif self.is_packed:
            self._keep_packed()
        else:
            self._keep_parts()

    def _keep_packed(self) -> None:
        remove_debris(self.out)
        # A process that was killed may have left some: the packed file holds them all.
        remove_parts(self.out)
        (self.out / PARTS).mkdir(exist_ok=True)
        if read_entries(self.out, self._about["run"]) != self.entries:
            self._unpack()

    def _keep_parts(self) -> None:
        remove_debris(self.out)
        others = unlisted_parts(self.out, self.entries)
        if others:
            # They may refer to one of these.
            remove_joined(self.out)
        for path in others:
            path.unlink()
        write_manifest(self.out, self.entries)

    @property
    def entries(self) -> list[PartEntry]:
        """The whole blocks, in row order."""
        return sorted(self._entries.values(), key=lambda entry: entry.start)

    @property
    def files(self) -> tuple[ArrayFile, ...]:
        """Where they are, in row order."""
        return array_files(self.out, self.entries)

    @property
    def stored(self) -> int:
        """How many rows are in whole blocks."""
        return sum(entry.rows for entry in self._entries.values())

    @property
    def passing(self) -> int:
        """How many of them a resumed run computes again."""
        return sum(entry.rows for entry in self._entries.values() if not entry.final)

    @property
    def is_packed(self) -> bool:
        """Whether attributions.h5 holds all blocks."""
        return any(entry.file == ATTRIBUTIONS for entry in self._entries.values())

    def adopt(self, file: ArrayFile) -> None:
        """Take in a block of another run; its entry says which rows it is of here."""
        self.check_place()
        entry = replace(file.entry, run=self._about["run"])
        if not entry.is_part:
            # So the blocks of one file find each other.
            path = packed_part_path(self.out, entry.start - entry.place)
            entry = replace(entry, file=path.relative_to(self.out).as_posix())
        if not entry.path(self.out).exists():
            link_or_copy(file.path, entry.path(self.out))
        self._list(entry)

    def pack(
        self,
        files: Sequence[ArrayFile] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Make attributions.h5 one file with all blocks, and remove the parts.

        Where the disk has no room for both, the parts stay, and `unpacked` says so.

        Parameters
        ----------
        files : sequence of ArrayFile or None
            The blocks, where they are another run's; None for those of this one.
        check : callable
            As `igcli.store.packed.Packing.write` takes it.
        """
        self.check_place()
        files = self.files if files is None else files
        self.unpacked = ""
        if not files or self.is_packed:
            remove_parts(self.out)
            return
        packing = Packing(files, self._about["run"])
        free = shutil.disk_usage(self.out).free
        if packing.bytes > free:
            self.unpacked = f"packing needs {in_bytes(packing.bytes)}, {in_bytes(free)} are free"
            return
        try:
            packed = packing.write(self.out / ATTRIBUTIONS, check)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self.unpacked = f"packing filled the disk: {error.strerror}"
            return
        self._entries = {entry.start: entry for entry in packed}
        remove_parts(self.out)

    def _unpack(self) -> None:
        """Make attributions.h5 one of the parts: what is to be replaced lies in it."""
        path = packed_part_path(self.out, 0)
        name = path.relative_to(self.out).as_posix()
        self._entries = {s: replace(entry, file=name) for s, entry in self._entries.items()}
        # They count once attributions.h5 is not there any more.
        write_manifest(self.out, self.entries)
        give_name(self.out / ATTRIBUTIONS, path)
        sync_folder(self.out)
        remove_joined(self.out)

    def join(self, save: Sequence[str]) -> None:
        """Write the files that join the blocks."""
        self.check_place()
        spans = [file.span for file in self.files]
        if spans:
            write_csv(spans, self.out / RESULTS)
            if not self.is_packed:
                write_view(self.out, self._about["run"], spans)
            if "npy" in save:
                save_npy(self.out / ATTRIBUTIONS, self.out / ATTRIBUTIONS_NPY)

    def restate(self, about: dict[str, Any]) -> None:
        """Put what has changed into run.json, while the run goes on."""
        self.check_place()
        self._about = {**self._about, **about}
        write_about(self.out, "running", self._about)

    def finish(self, status: Status, about: dict[str, Any]) -> None:
        """Write the final run.json."""
        self.check_place()
        write_about(self.out, status, {**self._about, **about})

    def check_place(self) -> None:
        """Raise OutputVanished where the folder was removed or exchanged: nothing is made anew."""
        try:
            there = os.path.samestat(self._place, os.stat(self.out))
        except FileNotFoundError:
            there = False
        if not there:
            raise OutputVanished(
                f"OUT {self.out} has vanished",
                "it was removed or replaced while the run wrote to it",
                "run again",
            )

    def _within(self, rows: range) -> list[PartEntry]:
        """Return the blocks that begin within some rows."""
        return [entry for entry in self.entries if entry.start in rows]

    def _list(self, entry: PartEntry) -> None:
        """List a block that is written, in the place of all that it covers."""
        others = [e for e in self._within(range(entry.start, entry.stop)) if e.start != entry.start]
        for other in others:
            del self._entries[other.start]
        self._entries[entry.start] = entry
        if others:
            write_manifest(self.out, self.entries)
            for other in (other for other in others if other.is_part):
                part_path(self.out, other.start).unlink(missing_ok=True)
        else:
            append_entry(self.out, entry)
