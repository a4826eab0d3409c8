"""HTML pages in one file: the document, and text and numbers as pages write them."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files

from igcli.common.text import on_one_line


def document(title: str, style: str, body: Iterable[str], script: str = "") -> Iterator[str]:
    """Yield a page, piece by piece.

    The page may load nothing, and run and apply nothing but what is given here: a policy in its
    head names style and script by their hashes.

    Parameters
    ----------
    title : str
        Plain text.
    style, script : str
        What comes after the style that all pages share, and what runs when the page is read.
    body : iterable of str
        HTML, taken as it is.
    """
    style = asset("igcli.common", "base.css") + style
    policy = ["default-src 'none'", "img-src data:", f"style-src {_hash(style)}"]
    if script:
        policy.append(f"script-src {_hash(script)}")
    policy += ["base-uri 'none'", "form-action 'none'"]
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )
    yield from body
    if script:
        yield f"<script>{script}</script>\n"
    yield "</body>\n</html>\n"


def asset(package: str, name: str) -> str:
    """Return a style or script that lies beside the code."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _hash(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def text(plain: str) -> str:
    """Return plain text as HTML: on one line, what can't be seen as escapes."""
    return escape(on_one_line(plain))


def number(value: float | None, form: str = ".4g") -> str:
    """Return a number as people read it; a dash for none."""
    if value is None:
        return "–"
    said = str(value) if isinstance(value, int) else format(value, form)
    return said.replace("inf", "∞").replace("-", "−")
