"""opened: the runs that are evaluated, their one model, and the images as it takes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from igcli.attribution.batch_size import choose_batching
from igcli.attribution.batches import Batching
from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array, Warn
from igcli.common.errors import ConfigError, IgcliError, InputError, ModelError
from igcli.common.sample import InputName, Sample
from igcli.common.shapes import with_channels
from igcli.common.threads import ahead
from igcli.evaluation.faithfulness.asked import EvaluateRequest
from igcli.evaluation.faithfulness.control_maps import blur
from igcli.evaluation.reopen import Reopened, VerifyRequest, reopen
from igcli.inputs.baselines.choose import check_start
from igcli.inputs.preprocess import Space, Spaces
from igcli.inputs.readers.source import Source
from igcli.runs.planning.plan import Bound, LoadModel, bind_inputs, start_of
from igcli.runs.planning.preflight import Preflight, look_at_inputs
from igcli.store.run import StoredRun

OWN, BLUR = "own", "blur"
# RISE's blur, of a picture of 224 pixels; of a smaller one too, which less leaves readable.
_SIGMA, _OF = 5.0, 224

MakeImage = Callable[[Sample], Array]


@dataclass(frozen=True, slots=True)
class Opened:
    """What an evaluation asks.

    Attributes
    ----------
    runs : tuple of StoredRun
        The runs, as they were named.
    model : GradientModel
        The first one's.
    batching : Batching
        How images are sent to it.
    source : Source
        The inputs.
    space : Space
        How their numbers become the model's.
    names : mapping of str to InputName
        The inputs by the ids of the first run's explanations.
    fill, start : callable
        What deletion replaces an image with, and what insertion begins from, in model space.
    fill_name, start_name : str
        What these are called.
    """

    runs: tuple[StoredRun, ...]
    model: GradientModel
    batching: Batching
    source: Source
    space: Space
    names: Mapping[str, InputName]
    fill: MakeImage
    start: MakeImage
    fill_name: str
    start_name: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        height, width = self.space.shape[:2]
        return height, width

    def scores(self, images: Iterable[Array], target: int) -> list[float]:
        """Return the score of one class for each image in model space."""
        batches = _batches(images, self.batching.size)
        asked = ahead(self._asked, batches, self.batching.streams, self.batching.streams + 1)
        return [float(score) for scores in asked for score in scores[:, target]]

    def _asked(self, images: Sequence[Array]) -> Array:
        x = np.stack(images)
        missing = self.batching.size - len(x)
        # A size that was had before costs less.
        filled = np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) if missing else x
        return self.model.scores(self.model.enter(filled))[: len(x)]


def _batches(images: Iterable[Array], size: int) -> Iterator[list[Array]]:
    left = iter(images)
    while some := list(islice(left, size)):
        yield some


def open_runs(request: EvaluateRequest, load_model: LoadModel, warn: Warn) -> Opened:
    """Reopen the runs, load the model, and check that images can be edited where maps are.

    Raises
    ------
    InputError
        When a run is of another model, other inputs or other files, or its maps are of no picture.
    ConfigError
        When the runs' scores are not the same, or a fill is none.
    ModelError
        When the model gives more than one score of a class.
    NotWhole
        When a run is not finished.
    """
    reopened = [_reopened(request, place, warn) for place in range(len(request.outs))]
    _check_alike(reopened)
    first = reopened[0]
    config = replace(first.config, fail_on=(), shard=None)
    # What planning notes of the inputs, the run has said already.
    preflight = look_at_inputs(config, lambda message: None)
    bound = bind_inputs(preflight, load_model, warn)
    space, spec = bound.source.space, bound.model.spec
    if isinstance(space, Spaces) or space.pictured is None:
        raise _refusal(first.run, "its model takes more than one input" if
                       isinstance(space, Spaces) else "its inputs are no pictures")  # fmt: skip
    if spec.dense is not None:
        raise ModelError(
            f"MODEL {request.model} has one score of a class at each place of the picture",
            "igcli evaluate asks for one score of an image",
            "evaluate a model that classifies whole pictures",
        )
    for one in reopened:
        _check_place(one.run, space)
    fill, fill_name = _image(request.fill, "--fill", preflight, bound, space)
    start, start_name = _image(request.start, "--insert-from", preflight, bound, space)
    by_id = {name.id: name for name in preflight.every}
    names = {row.id: by_id[first.run.input_of(row)] for row in first.run.rows}
    chosen = choose_batching(
        bound.model, first.method, spec.point.known_shape, 0, config.batch_size, config.memory
    )
    return Opened(
        tuple(one.run for one in reopened), bound.model, chosen.batching, bound.source, space,
        names, fill, start, fill_name, start_name,
    )  # fmt: skip


def _reopened(request: EvaluateRequest, place: int, warn: Warn) -> Reopened:
    return reopen(
        VerifyRequest(
            request.outs[place], request.model, request.inputs,
            custom_objects=request.custom_objects, allow_unsafe=request.allow_unsafe,
        ),
        warn,
    )  # fmt: skip


def _check_alike(reopened: Sequence[Reopened]) -> None:
    """Raise ConfigError for runs whose scores or pictures are not the same."""
    first = reopened[0].spelled_out
    for one in reopened[1:]:
        for name in ("scores", "output", "resize", "image_size", "preprocess"):
            here, there = (getattr(config, name) for config in (first, one.spelled_out))
            if here != there:
                raise ConfigError(
                    f"{one.run.title} and {reopened[0].run.title} can't be ranked",
                    f"--{name.replace('_', '-')} of one is {there}, of the other {here}",
                    "rank runs of the same images and scores",
                )


def _refusal(run: StoredRun, cause: str) -> InputError:
    fix = "explain a model whose one input is a picture"
    return InputError(f"{run.title} can't be evaluated", cause, fix)


def _check_place(run: StoredRun, space: Space) -> None:
    """Raise InputError where a run's maps do not lie on the picture."""
    kept = run.kept
    if not kept.pixels:
        shape: tuple[int, ...] = () if kept.regions is None else kept.regions.shape
    elif kept.register is not None:
        return
    else:
        shape = next(iter(run.layout.shapes.values()), ())
    if tuple(shape[:2]) != tuple(space.shape[:2]):
        words = " × ".join(map(str, shape)) or "nothing"
        raise _refusal(run, f"its maps are {words}, its images {space.shape[0]} × {space.shape[1]}")


def _image(
    text: str, flag: str, preflight: Preflight, bound: Bound, space: Space
) -> tuple[MakeImage, str]:
    """Return what makes an image that others become, or come from, and what it is called."""
    if text == BLUR or text.startswith(f"{BLUR}:"):
        sigma = _sigma(text, flag, space)
        return _blurring(space, sigma), f"{BLUR}:{sigma:g}"
    config = preflight.config
    if text != OWN:
        config = replace(config, baseline=(text,))
    try:
        check_start(config.baseline, space.kind)
        start = start_of(replace(preflight, config=config), bound)
    except IgcliError as error:
        # It is a baseline's text, though another flag's.
        problem = error.problem.replace("--baseline", flag)
        raise ConfigError(problem, error.cause, error.fix) from error
    name = f"the first of {start.name}" if start.is_averaged else start.name
    draw = start.slots[0].draw
    # A list's own baselines are the run's, not what is asked for instead.
    return start.baseline if text == OWN else (lambda sample: draw(sample, 0)), name


def _sigma(text: str, flag: str, space: Space) -> float:
    if text == BLUR:
        return max(_SIGMA, _SIGMA * max(space.shape[:2]) / _OF)
    try:
        sigma = float(text.partition(":")[2])
    except ValueError:
        sigma = 0.0
    if not 0.0 < sigma <= 1e5:
        raise ConfigError(f"{flag} {text} can't be used", fix="write blur:SIGMA, in pixels")
    return sigma


def _blurring(space: Space, sigma: float) -> MakeImage:
    def make(sample: Sample) -> Array:
        raw = sample.raw.reshape(with_channels(sample.raw.shape))
        return space.to_model(blur(raw, sigma).reshape(sample.raw.shape))

    return make
