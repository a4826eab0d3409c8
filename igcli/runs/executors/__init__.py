"""The executors by name: who carries out a run. Each is a module with a function `ready`.

``ready(config, load_model, warn)`` is a context manager: it checks the run and gets ready for it,
writes nothing, and gives the function that carries it out.
"""

EXECUTORS = {
    "local": "igcli.runs.executors.local",
    "ray": "igcli.runs.executors.ray.executor",
}
