"""README and the pages of igcli/docs: short, complete, and true about what they name."""

import re
import subprocess
from collections.abc import Callable

import click
import pytest
from click.testing import Result

from igcli.cli.help import first_sentence, pages
from igcli.cli.main import COMMANDS, cli
from tests.conftest import ROOT
from tests.system.documents import ALL, PAGES, README, Document
from tests.system.make_reference import PAGE, reference

Igcli = Callable[..., Result]
# sh and python run; the others do not.
LANGUAGES = {"sh", "python", "text", "bash", "yaml", "yml"}
each_page = pytest.mark.parametrize("page", ALL.values(), ids=ALL)


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= 300


def test_readme_and_help_list_the_pages_that_there_are(igcli: Igcli) -> None:
    lines = {name: first_sentence(page.text) for name, page in PAGES.items()}
    rows = re.findall(r"^\| \[([\w-]+)\]\(igcli/docs/([\w-]+)\.md\) \| (.*) \|$", README.text, re.M)
    assert {name: f"{line}." for name, _, line in rows} == lines
    assert all(name == file for name, file, _ in rows)
    listed = igcli("help").stdout.split("\n\n")[0].splitlines()
    assert dict(line.split(maxsplit=1) for line in listed) == lines
    assert list(pages()) == list(PAGES)


def test_the_readme_names_the_packages() -> None:
    packages = {path.parent.name for path in (ROOT / "igcli").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `igcli/(\w+)` \|", README.text, re.M)) == packages


def test_no_page_has_a_commands_name() -> None:
    assert not set(PAGES) & set(COMMANDS)


def test_the_reference_does_not_lag(igcli: Igcli) -> None:
    assert PAGE.read_text("utf-8") == reference(), "python -m tests.system.make_reference"
    sections = dict(re.findall(r"^## igcli (\w+)\n(.*?)(?=^## |\Z)", reference(), re.M | re.S))
    assert list(sections) == list(COMMANDS)
    for name, section in sections.items():
        options = re.findall(
            r"^ {2}(?:-\w, )?(--?[a-z][a-z-]*)", igcli(name, "--help").stdout, re.M
        )
        assert "--help" in options or "-h" in options
        for option in options:
            assert f"`{option}`" in section or option in {"-h", "--help"}, (name, option)


@each_page
def test_what_does_not_run_is_fenced_otherwise(page: Document) -> None:
    assert {language for language, _ in page.blocks} <= LANGUAGES
    for block in page.of("bash"):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)
        assert "igcli" in block
    for line in commands_that_do_not_run(page):
        name, *arguments = line.split()[1:]
        command = command_called(name)
        command.make_parser(click.Context(command)).parse_args(arguments)


def commands_that_do_not_run(page: Document) -> list[str]:
    blocks = "\n".join(page.of("bash", "yaml", "yml")).replace("\\\n", " ")
    return re.findall(rf"(?<!/)\bigcli (?:{'|'.join(COMMANDS)})\b[^\n]*", blocks)


def command_called(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    return command


def test_commands_that_do_not_run_are_found() -> None:
    assert len(commands_that_do_not_run(PAGES["cluster"])) == 5


@each_page
def test_options_in_prose_exist(page: Document) -> None:
    options = {
        option
        for name in COMMANDS
        for param in command_called(name).params
        for option in (*param.opts, *param.secondary_opts)
    }
    for code in re.findall(r"`([^`\n]+)`", page.prose):
        if code.startswith(("--", "igcli ")):
            for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", code):
                assert option in options | {"-h", "--help"}, code


@each_page
def test_links_lead_somewhere(page: Document) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.prose):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.path.parent / path if path else page.path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text("utf-8")), target


def anchors(text: str) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_tests_and_benchmarks_that_are_named_exist(page: Document) -> None:
    for module in re.findall(r"python -m (tests[\w.]+)", page.text):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module
    for path in re.findall(r"\b(?:tests|configs|sample_data)/[\w/.-]*\w", page.text):
        assert (ROOT / path).exists(), path
    names = "\n".join(
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in (path.stem, *re.findall(r"def (test_\w+)", path.read_text("utf-8")))
    )
    for quoted, word in re.findall(r"-k (?:\"([^\"]+)\"|(\w+))", page.text):
        for part in (quoted or word).split(" or "):
            assert part in names, part
