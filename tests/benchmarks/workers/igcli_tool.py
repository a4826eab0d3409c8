"""igcli: the whole command, in process; its own count of seconds leaves out the model's loading.

Reading the inputs, tracing the gradient and writing every output file are in it.
"""

import json
import tempfile
from importlib import import_module

import h5py

from .protocol import Explained, Job, Tool
from .rebuild import versions


def prepare(job: Job) -> Tool:
    """Import the command, and TensorFlow before any clock runs."""
    command = import_module("igcli.cli.main").cli
    igcli_version: str = import_module("igcli").__version__
    import_module("igcli.models.runtime").import_tensorflow()
    runner = import_module("click.testing").CliRunner()
    inputs = str(job.folder / "inputs.npy")

    def explain() -> Explained:
        with tempfile.TemporaryDirectory() as folder:
            where = [str(job.model), inputs, "-o", f"{folder}/out", "--no-overlays", "--json"]
            result = runner.invoke(command, ["run", *where, *job.flags])
            if result.exit_code != 0:
                raise RuntimeError(f"exit code {result.exit_code}: {result.stderr.strip()[-300:]}")
            with h5py.File(f"{folder}/out/attributions.h5") as file:
                maps, steps = file["attributions"][()], file["steps"][()]
        return Explained(maps, int(steps.sum()), json.loads(result.stdout)["seconds"])

    return Tool({"igcli": igcli_version, **versions("tensorflow")}, explain)
