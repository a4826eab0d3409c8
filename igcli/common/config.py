"""The configs: what a run, and a comparison, can be asked for; one field declares one setting."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from igcli.common.choices import AUTO, FLOAT32, PIXELS
from igcli.common.files import file_in
from igcli.common.model_settings import ModelSettings
from igcli.common.setting import Decides, setting, settings_of

ON_ERROR = ("continue", "stop")
_INTEGRAL = Decides.INTEGRAL
_NOTHING = Decides.NOTHING


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that ``igcli run`` was asked for.

    None (or nothing) means "the default for these inputs": black or zeros for `baseline`, auto for
    `preprocess`, stretch for `resize`, the model's own size for `image_size`, no `limit`; and for
    the method, 50 for a fixed rule's `steps`, 0.05, 9 and 256 for the adaptive `tolerance`,
    `min_steps` and `max_steps`, a quarter of the machine's for `memory` (bytes).
    `certify` is pixels, regions or regions:CELL; `image_size` is (height, width); `bit_depth` None
    is what image files tell, and no `bands` are a photo's own channels, or the mean of others;
    `shard` is (which, of how many), counted from 1.

    To add a setting takes two places: a field here, and its option in `igcli.cli.run_options`. A
    field with a plain default decides what is explained; `igcli.common.setting.setting` marks what
    is otherwise, or may name a file; what may be repeated is a ``tuple[str, ...]``. From there it
    is a key of a TOML file, is written to run.json and read again by ``igcli verify``, counts (or
    does not) where ``--resume`` and ``igcli compare`` ask whether two runs are alike, and has its
    file guarded against the run's own output. Runs of an igcli that did not have it yet count as
    runs with its default. What loading the model needs is in `model_settings` too.
    """

    model: Path
    inputs: Path
    out: Path
    method: str = setting("adaptive", decides=_INTEGRAL)
    tolerance: float | None = setting(None, decides=_INTEGRAL)
    min_steps: int | None = setting(None, decides=_INTEGRAL)
    max_steps: int | None = setting(None, decides=_INTEGRAL)
    certify: str = setting(PIXELS, decides=_INTEGRAL)
    memory: int | None = setting(None, decides=_NOTHING)
    steps: int | None = setting(None, decides=_INTEGRAL)
    baseline: tuple[str, ...] = setting((), file=True, keywords=("mean",), listed=True)
    keep_baselines: bool = setting(False, decides=_INTEGRAL)
    target: str = setting("predicted", file=True, keywords=("predicted", "folder", "truth"))
    truth: str | None = setting(None, decides=_INTEGRAL, file=True, keywords=("folder",))
    where: tuple[str, ...] = setting((), decides=_INTEGRAL)
    labels: Path | None = setting(None, decides=_INTEGRAL, file=True, keywords=("folders",))
    preprocess: str | None = None
    resize: str | None = None
    image_size: tuple[int, int] | None = None
    bit_depth: int | None = None
    bands: tuple[int, ...] | None = setting(None, decides=_INTEGRAL)
    scores: str = "as-is"
    output: str | None = None
    explain: tuple[str, ...] = ()
    layer: str | None = None
    layer_input: bool = False
    signature: str | None = None
    input_value: tuple[str, ...] = ()
    hold_mask: bool = False
    batch_size: int | None = setting(None, decides=_NOTHING)
    device: str = setting("auto", decides=_NOTHING)
    precision: str = setting("float32", decides=_INTEGRAL)
    seed: int = 0
    limit: int | None = setting(None, decides=_NOTHING)
    store: str = setting(PIXELS, decides=_INTEGRAL)
    store_dtype: str = setting(FLOAT32, decides=_INTEGRAL)
    save: tuple[str, ...] = setting((), decides=_NOTHING)
    fail_on: tuple[str, ...] = setting((), decides=_NOTHING)
    profile_path: bool = setting(False, decides=_INTEGRAL)
    overlays: bool = setting(True, decides=_NOTHING)
    style: str = setting(AUTO, decides=_NOTHING)
    overwrite: bool = setting(False, decides=_NOTHING)
    resume: bool = setting(False, decides=_NOTHING)
    shard: tuple[int, int] | None = setting(None, decides=_INTEGRAL)
    on_error: str = setting("continue", decides=_NOTHING)
    allow_unsafe: bool = setting(False, decides=_INTEGRAL)
    custom_objects: Path | None = setting(None, decides=_INTEGRAL, file=True)
    executor: str = setting("local", decides=_NOTHING)
    ray_address: str | None = setting(None, decides=_NOTHING, executor="ray")
    workers: int | None = setting(None, decides=_NOTHING, executor="ray")
    gpus_per_worker: float | None = setting(None, decides=_NOTHING, executor="ray")
    cpus_per_worker: int | None = setting(None, decides=_NOTHING, executor="ray")

    @property
    def model_settings(self) -> ModelSettings:
        """Those of them that loading the model needs."""
        return ModelSettings(
            scores=self.scores,
            device=self.device,
            precision=self.precision,
            output=self.output,
            explain=self.explain,
            layer=self.layer,
            layer_input=self.layer_input,
            signature=self.signature,
            input_value=self.input_value,
            hold_mask=self.hold_mask,
            image_size=self.image_size,
            allow_unsafe=self.allow_unsafe,
            custom_objects=self.custom_objects,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return {
            key: str(value) if isinstance(value, Path) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the settings that `to_dict` gave, also once they were JSON.

        Raises
        ------
        KeyError, TypeError
            When one is not there, or is of no such kind.
        """
        return cls(**{n: s.from_json(stored[n]) for n, s in settings_of(cls).items()})

    def files(self) -> Iterator[Path]:
        """Yield every file that a setting names; MODEL and INPUTS are not among them."""
        for name in (name for name, known in settings_of(type(self)).items() if known.file):
            value = getattr(self, name)
            for text in value if isinstance(value, tuple) else [value]:
                found = None if text is None else file_in(str(text))
                if found is not None:
                    yield found[1]


@dataclass(frozen=True, slots=True)
class DriftConfig:
    """Everything that ``igcli compare`` may be asked for in a TOML file."""

    fail_on: tuple[str, ...] = ()
    grid: int | None = None
    force: bool = False
    by: str = "class"
    min_group: int = 10
    unclear: str = "fail"
