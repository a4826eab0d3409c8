"""Custom modules: the user's file or package, run so that what it imports beside it is found."""

import ast
import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from igcli.common.errors import ConfigError

_ALONE = "igcli_custom_objects"
_INIT = "__init__.py"
_NOT_IMPORTED = frozenset({_INIT, "__main__.py", "setup.py", "conftest.py"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def run_modules(path: Path) -> list[ModuleType]:
    """Run a Python file, or a package, and return its modules.

    A file that imports from its own package (``from .blocks import X``) is run as part of that;
    what lies beside a file can be imported by its plain name too.

    Raises
    ------
    ConfigError
        When it is neither.
    Exception
        Whatever the code raises.
    """
    path = path.resolve()
    if path.is_dir():
        top = _top(path)
        _see(top.parent)
        return _run_package(path, top)
    if path.suffix != ".py":
        raise ConfigError(
            f"--custom-objects {path} is not a Python file", fix="name a .py file, or its folder"
        )
    _see(path.parent)
    levels = _levels_up(path)
    if not levels:
        return [_run(_ALONE, path)]
    top = _top(path.parents[levels - 1])
    _see(top.parent)
    return [_run_in(path, top)]


def is_own(module: str, path: Path) -> bool:
    """Tell whether a module, by its name, lies beside a file or in a folder, and is no library."""
    file = getattr(sys.modules.get(module), "__file__", None)
    home = path.resolve() if path.is_dir() else path.resolve().parent
    home = _top(home)
    if file is None or not Path(file).resolve().is_relative_to(home):
        return False
    below = Path(file).resolve().relative_to(home)
    libraries = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    inside = any(
        Path(file).resolve().is_relative_to(prefix) and not home.is_relative_to(prefix)
        for prefix in libraries
    )
    return not inside and not _INSTALLED & set(below.parts)


def _levels_up(file: Path) -> int:
    """Return how many folders up a file's own imports reach: 1 for ``from .x``, 0 for none."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        # Running it says so, with the line.
        return 0
    found = (node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return min(max(found, default=0), len(file.parents) - 1)


def _top(folder: Path) -> Path:
    """Return the outermost package that a folder is in, or the folder itself."""
    while (folder / _INIT).is_file() and (folder.parent / _INIT).is_file():
        folder = folder.parent
    return folder


def _see(folder: Path) -> None:
    """Let modules of a folder be imported by their names, behind all that is installed."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def _run_package(folder: Path, top: Path) -> list[ModuleType]:
    """Run a package; where its ``__init__`` defines nothing, its modules one by one."""
    package = _run_in(folder, top)
    found = [package, *_below(package)]
    if not any(_defines(module) for module in found):
        for file in sorted(folder.glob("*.py")):
            if file.name not in _NOT_IMPORTED:
                importlib.import_module(f"{package.__name__}.{file.stem}")
    return [package, *_below(package)]


def _below(package: ModuleType) -> Iterator[ModuleType]:
    prefix = f"{package.__name__}."
    yield from (m for name, m in list(sys.modules.items()) if name.startswith(prefix))


def _defines(module: ModuleType) -> bool:
    return any(
        getattr(thing, "__module__", "") == module.__name__ for thing in vars(module).values()
    )


def _run_in(path: Path, top: Path) -> ModuleType:
    """Run a file or a folder as part of a package, which lies in `top`."""
    module, here = _package(_free_name(top), top), top
    for part in path.relative_to(top).parts:
        here = here / part
        name = f"{module.__name__}.{here.name if here.is_dir() else here.stem}"
        module = _package(name, here) if here.is_dir() else _run(name, here)
    return module


def _free_name(top: Path) -> str:
    """Return a package's own name, or another where a library goes by that; forget earlier runs."""
    there = sys.modules.get(top.name)
    places = [Path(place).resolve() for place in getattr(there, "__path__", ())]
    name = top.name if there is None or top in places else _ALONE
    for known in [n for n in sys.modules if n == name or n.startswith(f"{name}.")]:
        del sys.modules[known]
    return name


def _package(name: str, folder: Path) -> ModuleType:
    init = folder / _INIT
    if init.is_file():
        return _run(name, init, [str(folder)])
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return _known_as(name, module_from_spec(spec))


def _run(name: str, file: Path, folders: list[str] | None = None) -> ModuleType:
    spec = spec_from_file_location(name, file, submodule_search_locations=folders)
    assert spec is not None and spec.loader is not None
    # Classes look their module up by name.
    module = _known_as(name, module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


def _known_as(name: str, module: ModuleType) -> ModuleType:
    sys.modules[name] = module
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)
    return module
