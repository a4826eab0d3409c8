"""The places of pictures, and that nothing else is replaced there."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.errors import InputError, OutputError, reason
from igcli.common.explanation import Explanation
from igcli.common.png import is_ours
from igcli.figures.style import Look
from igcli.report.pictures.shown import ShownRun
from igcli.store.layout import FIGURES, OVERLAYS
from igcli.store.picture_names import PictureNames

_PNG = ".png"
_OTHER_PICTURES = frozenset(
    {".jpg", ".jpeg", ".pdf", ".svg", ".eps", ".gif", ".tif", ".tiff", ".webp"}
)


class Places:
    """The paths of some rows' pictures.

    Parameters
    ----------
    run : ShownRun
        Where the rows are from.
    out : Path
        Its directory.
    look : Look
        What is drawn. The run's own look goes to the run's own overlays.
    to : Path or None
        A folder, or a .png for a single picture.
    sheet : str
        What the one sheet of all is called; empty where each has a picture of its own.

    Attributes
    ----------
    title : Path
        The folder, or the one file.
    """

    def __init__(self, run: ShownRun, out: Path, look: Look, to: Path | None, sheet: str) -> None:
        self._run, self._out = run, out
        self._sheet = bool(sheet)
        self._own = to is None and look == run.own_look and not sheet
        self._names = PictureNames(map(run.input_of, run.rows), run.names_by_stem)
        self._file: Path | None = None
        if to is not None and to.suffix.lower() == _PNG and not to.is_dir():
            self._file = to
        elif self._sheet:
            self._file = (to or out / FIGURES) / f"{sheet}{_PNG}"
        if to is not None:
            self._folder = to
        else:
            self._folder = out / OVERLAYS if self._own else out / FIGURES / look.style
        self.title = self._file or self._folder

    def of(self, row: Explanation) -> Path:
        """Return a row's path: as in the run's overlays, below the folder."""
        if self._file is not None:
            return self._file
        if ".." in row.id.split("/"):
            raise InputError(
                f"ID {row.id!r} leads out of the folder", fix="draw the others by their IDs"
            )
        base = self._run.input_of(row)
        # The run knew of inputs in other shards, too: it may have seen a clash among those.
        usual, *others = self._names.candidates(self._out, base, row.id.removeprefix(base))
        path = next((path for path in others if path.exists()), usual)
        return self._folder / path.relative_to(self._out / OVERLAYS)

    def prepare(self, rows: Sequence[Explanation], overwrite: bool) -> int:
        """Make the folder, and return how many pictures of ours will be replaced.

        Raises
        ------
        OutputError
            When the folder can't be made, one file is to hold several pictures, or a file that
            igcli did not write is in the way and `overwrite` is not given.
        """
        if self._file is not None and not self._sheet and len(rows) > 1:
            raise OutputError(
                f"-o {self._file} is one file for {len(rows)} pictures",
                fix="name a folder, one ID, or --style panel or --by, which draw all on one sheet",
            )
        if self._folder.suffix.lower() in _OTHER_PICTURES and not self._folder.is_dir():
            raise OutputError(
                f"-o {self._folder} is no .png",
                "pictures are PNG files only",
                "name one, or a folder",
            )
        paths = [self.of(rows[0])] if self._file and rows else [self.of(row) for row in rows]
        there = [path for path in paths if path.exists()]
        for path in there:
            if path.is_dir():
                raise OutputError(f"{path} is a folder", fix="name another with -o")
            if not (self._own or overwrite or is_ours(path)):
                raise OutputError(
                    f"{path} is there already, and no picture of igcli's",
                    fix="name another folder with -o, or replace it with --overwrite",
                )
        folder = self._file.parent if self._file else self._folder
        if folder.is_file():
            raise OutputError(f"{folder} is a file", fix="name a folder or a .png with -o")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            cause = reason(error)
            raise OutputError(f"{folder} can't be made", cause, "name another with -o") from error
        return len(there)
