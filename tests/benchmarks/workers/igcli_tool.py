"""igcli: the run that its command makes, in process, over a plan that is made once.

As for the other tools, loading the model is not in the seconds. Reading the inputs and writing
every output file but the pictures are.
"""

import tempfile
from importlib import import_module
from pathlib import Path

from .protocol import Explained, Job, Tool
from .rebuild import versions


def prepare(job: Job) -> Tool:
    """Plan the run, as the command would from the same arguments."""
    h5py = import_module("h5py")
    command = import_module("igcli.cli.run").command
    config_of = import_module("igcli.common.config").RunConfig
    open_model = import_module("igcli.models.open").open_model
    make_plan = import_module("igcli.runs.planning.plan").make_plan
    untracked = import_module("igcli.common.progress").untracked
    run_plan = import_module("igcli.runs.executors.local").run_plan

    where = [str(job.model), str(job.folder / "inputs.npy"), "--no-overlays"]
    with tempfile.TemporaryDirectory() as folder:
        context = command.make_context("run", [*where, "-o", f"{folder}/out", *job.flags])
        settings = {k: v for k, v in context.params.items() if k != "as_json"}
        plan = make_plan(config_of(**settings), open_model, print)

    def explain() -> Explained:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            result = run_plan(plan.of_some(plan.names, out), untracked)
            with h5py.File(out / "attributions.h5") as file:
                maps, steps = file["attributions"][()], file["steps"][()]
        return Explained(maps, int(steps.sum()), result.seconds)

    igcli_version: str = import_module("igcli").__version__
    return Tool({"igcli": igcli_version, **versions("tensorflow")}, explain)
