"""JSON names: class names out of JSON, or of a dict or list as Python prints it."""

import ast
import json
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError
from igcli.inputs.class_files.numbered_names import FLAG, FORMS, ClassNames, in_order
from igcli.inputs.class_files.text_table import whole_number

# Where the names stand in a larger document: Keras, Teachable Machine, Hugging Face, COCO.
_KEYS = ("class_indices", "class_names", "classes", "labels", "names", "id2label", "label2id",
         "categories")  # fmt: skip


def document_of(text: str, path: Path) -> Any:
    """Return JSON's list or object; None where the text is none, and is not called so either."""
    is_named = path.suffix.lower() == ".json"
    if not is_named and text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        literal = _literal(text) if isinstance(error, json.JSONDecodeError) else None
        if literal is not None or not is_named:
            return literal
        raise InputError(f"{FLAG} {path} is not JSON", str(error)[:200], FORMS) from error
    return found if is_named or isinstance(found, (list, dict)) else None


def _literal(text: str) -> Any:
    """Return a list or dict as Python writes it, keys as texts; None where the text is none."""
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if isinstance(found, dict):
        return {str(key): value for key, value in found.items()}
    return found if isinstance(found, list) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it has {twice!r} twice")
    return found


def names_of(document: Any, path: Path) -> ClassNames:
    """Return the names in a list or object, alone or inside a larger one."""
    if isinstance(document, dict) and not _is_mapping(document):
        inner = next((document[key] for key in _KEYS if key in document), None)
        return _of_json_part(inner, path)
    return _of_json_part(document, path)


def _of_json_part(found: Any, path: Path) -> ClassNames:
    if isinstance(found, dict) and found and _is_mapping(found):
        return in_order(_numbered(found), path)
    if isinstance(found, list) and found:
        if all(isinstance(entry, dict) and "name" in entry for entry in found):
            numbers = [entry.get("id", place) for place, entry in enumerate(found)]
            names = [_said(entry["name"]) for entry in found]
            if all(isinstance(number, int) for number in numbers) and all(names):
                return in_order(list(zip(numbers, names, strict=True)), path)
        names = [_said(entry) for entry in found]
        if all(names):
            return ClassNames(tuple(names))
    raise InputError(f"{FLAG} {path} holds no class names", "it is JSON of another form", FORMS)


def _is_mapping(found: dict[str, Any]) -> bool:
    """Tell whether an object maps names to numbers, or numbers to names."""
    to_numbers = all(_number(value) is not None for value in found.values())
    return to_numbers or (
        all(whole_number(key) is not None for key in found) and all(map(_said, found.values()))
    )


def _numbered(found: dict[str, Any]) -> list[tuple[int, str]]:
    """Return (number, name): numbers of JSON are the classes', else keys that are numbers."""
    by_number = {key: whole_number(key) for key in found}
    values_are_text = all(isinstance(value, str) for value in found.values())
    if None not in by_number.values() and (
        values_are_text or any(_number(value) is None for value in found.values())
    ):
        return [(by_number[key] or 0, _said(value)) for key, value in found.items()]
    return [(_number(value) or 0, key.strip()) for key, value in found.items()]


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return whole_number(str(value).strip())


def _said(value: Any) -> str:
    """Return a name; several names of one class as synonyms. "" for what is none."""
    if isinstance(value, list):
        return ", ".join(value) if value and all(isinstance(v, str) for v in value) else ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""
