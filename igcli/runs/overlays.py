"""The overlays of a run: its pictures, drawn as explanations come, and where they are missing."""

import errno
from pathlib import Path

from igcli.common.arrays import Array
from igcli.common.errors import reason
from igcli.common.explanation import Explanation, input_id, rank_of
from igcli.common.originals import stretched_from
from igcli.common.png import save_png
from igcli.figures.draw import Subject, draw
from igcli.figures.overlay import COMPRESSION, caption
from igcli.figures.own import OF_CELLS, cells_of, own_look, plane_of_cells
from igcli.figures.style import SMOOTH
from igcli.runs.planning.plan import Plan
from igcli.store.files import whole_file
from igcli.store.run import open_run

_NO_PIXELS = "it was not drawn when it was explained, and --store regions keeps no pixels"
_TAIL = b"IEND\xaeB`\x82"
# What a picture meets, every part will meet too.
_STOPPING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}


class Overlays:
    """Draws into one run directory; safe to use from several threads.

    Attributes
    ----------
    undrawn : list of (str, str)
        The ids whose picture could not be written, and why.
    """

    def __init__(self, plan: Plan) -> None:
        self._out = plan.config.out
        self._maps = plan.maps
        self._names = plan.preflight.pictures
        self._per_input = plan.targets.per_input
        self._look = own_look(plan.config.style, plan.maps.shown_shape)
        self._regions = cells_of(plan.maps.regions, plan.maps.shown_shape)
        self._resize = plan.preflight.settings.resize_of_inputs
        self.undrawn: list[tuple[str, str]] = []

    def draw(self, explanation: Explanation) -> Explanation:
        """Write the overlay of an explanation, and pass it on.

        Raises
        ------
        OSError
            When nothing can be written any more, not just this picture.
        """
        if explanation.attribution is not None and explanation.image is not None:
            attribution = self._maps.shown(explanation.attribution)
            self._draw(explanation, attribution, explanation.image, explanation.regions)
        return explanation

    def draw_missing(self) -> None:
        """Draw, from what is stored, every overlay that is not there whole."""
        run = open_run(self._out)
        missing = [row for row in run.rows if row.status == "ok" and not _is_whole(self._path(row))]
        if not run.kept.pixels:
            self.undrawn += [(row.id, _NO_PIXELS) for row in missing]
            return
        for row, attribution, image in run.pictures(missing):
            self._draw(row, attribution, image, None)

    def _draw(
        self, explanation: Explanation, attribution: Array, image: Array, masses: Array | None
    ) -> None:
        try:
            subject = self._subject(explanation, attribution, image, masses)
            self._write(self._path(explanation), explanation, subject)
        except OSError as error:
            if error.errno in _STOPPING or not self._out.is_dir():
                raise
            self.undrawn.append((explanation.id, reason(error)))

    def _path(self, explanation: Explanation) -> Path:
        identity, per_input = explanation.id, self._per_input
        return self._names.path(
            self._out, input_id(identity, per_input), rank_of(identity, per_input)
        )

    def _subject(
        self, explanation: Explanation, attribution: Array, image: Array, masses: Array | None
    ) -> Subject:
        look, lines = self._look, tuple(caption(explanation))
        if look.style not in OF_CELLS:
            return Subject(attribution, image, lines, zone=explanation.zone)
        if masses is None:
            masses = self._regions.masses(attribution)
        plane = plane_of_cells(look, masses, self._regions)
        if look.style not in SMOOTH:
            return Subject(plane, image, lines, zone=explanation.zone)
        return Subject(
            plane, image, lines, zone=explanation.zone, cell=self._regions.side,
            aspect=stretched_from(explanation.path, self._resize),
        )  # fmt: skip

    def _write(self, path: Path, explanation: Explanation, subject: Subject) -> None:
        if self._out.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        picture = draw(self._look, subject)
        with whole_file(path, synced=False) as temporary:
            save_png(picture, temporary, explanation.id, COMPRESSION)


def overlays_of(plan: Plan) -> Overlays | None:
    """Return what draws a run's overlays; None where it has none."""
    if plan.maps.picture is None or not plan.config.overlays:
        return None
    return Overlays(plan)


def _is_whole(path: Path) -> bool:
    """Tell whether a PNG is there with its end."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_TAIL), 2)
            return file.read() == _TAIL
    except OSError:
        return False
