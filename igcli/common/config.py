"""The config of a run: one frozen record of everything that was asked for."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common.model_spec import ModelSettings

ON_ERROR = ("continue", "stop")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that ``igcli run`` was asked for.

    None (or nothing) means "the default for these inputs": black or zeros for `baseline`, unit for
    `preprocess`, stretch for `resize`, the model's own size for `image_size`, no `limit`; and for
    the method, 50 for a fixed rule's `steps`, 0.05, 9 and 256 for the adaptive `tolerance`,
    `min_steps` and `max_steps`, a quarter of the machine's for `memory` (bytes).
    `image_size` is (height, width); `shard` is (which, of how many), counted from 1.
    """

    model: Path
    inputs: Path
    out: Path
    method: str = "adaptive"
    tolerance: float | None = None
    min_steps: int | None = None
    max_steps: int | None = None
    memory: int | None = None
    steps: int | None = None
    baseline: tuple[str, ...] = ()
    target: str = "predicted"
    labels: Path | None = None
    preprocess: str | None = None
    resize: str | None = None
    image_size: tuple[int, int] | None = None
    scores: str = "as-is"
    output: str | None = None
    explain: tuple[str, ...] = ()
    layer: str | None = None
    layer_input: bool = False
    batch_size: int | None = None
    device: str = "auto"
    precision: str = "float32"
    seed: int = 0
    limit: int | None = None
    save: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    profile_path: bool = False
    overlays: bool = True
    overwrite: bool = False
    resume: bool = False
    shard: tuple[int, int] | None = None
    on_error: str = "continue"
    allow_unsafe: bool = False
    custom_objects: Path | None = None
    executor: str = "local"
    ray_address: str | None = None
    workers: int | None = None
    gpus_per_worker: float | None = None
    cpus_per_worker: int | None = None

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
