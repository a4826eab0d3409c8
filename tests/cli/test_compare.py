"""`igcli compare` and `igcli baseline`: exit codes, files, and what each option changes."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from igcli.comparison.drift.thresholds import COMPLETE
from tests.comparison.runs import PROFILE, failed, maps_like, row, rows_of, write_run

MAPS = maps_like(4)
PROFILED = [part for text in PROFILE for part in ("--fail-on", text)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_run(tmp_path / "old", rows_of(MAPS))


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Two maps of another sign, one of them of another prediction."""
    rows = rows_of([-MAPS[0], -MAPS[1], *MAPS[2:]])
    rows[1] = row("b", -MAPS[1], prediction=2)
    return write_run(tmp_path / "new", rows)


def test_exit_codes(igcli: Any, old: Path, new: Path, tmp_path: Path) -> None:
    same = igcli("compare", old, old)
    assert same.exit_code == 0 and same.stdout.startswith("no drift   ") and same.stderr == ""
    drift = igcli("compare", old, new, *PROFILED)
    assert drift.exit_code == 1
    assert drift.stdout.startswith("not clear  2 of 9 thresholds crossed\ncompared   4 images")
    partial = write_run(tmp_path / "partial", rows_of(MAPS), status="partial")
    refused = igcli("compare", old, partial)
    assert refused.exit_code == 3 and refused.stdout == ""
    assert "is no finished run: its run.json says partial" in refused.stderr
    assert "to fix this: finish it with --resume" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'REFERENCE'"),
        (("old",), "Missing argument 'NEW'"),
        (("old", "nowhere"), "nowhere is no igcli run: there is no such folder"),
        (("old", "."), "is no igcli run: it has no run.json of one"),
        (("old", "old/results.csv"), "results.csv is no igcli run: it is a file"),
        (("nowhere.igref", "old"), "nowhere.igref is no reference file: there is no such file"),
        (("old", "old", "--fail-on", "cosine.min<1.5"), "--fail-on cosine.min<1.5 is always"),
        (("old", "old", "--fail-on", "cosine<0.9"), "--fail-on cosine<0.9 can't be read"),
        (("old", "old", "--fail-on", "cosine.min<0.9999"), "is finer than the runs can tell"),
        (("old", "old", "--nonsense"), "No such option '--nonsense'"),
        (
            ("old", "old", "--json", "--html", "no/page.html"),
            "--html no/page.html can't be written: th",
        ),
        (("old", "old", "--config", "nowhere.toml"), "--config nowhere.toml can't be read"),
    ],
)
def test_wrong_usage(
    igcli: Any, old: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(old.parent)
    result = igcli("compare", *arguments)
    assert result.exit_code == 2 and said in result.stderr and result.stdout == ""
    assert "Traceback" not in result.stderr and len(result.stderr.splitlines()) <= 3


def test_json(igcli: Any, old: Path, new: Path) -> None:
    result = igcli("compare", old, new, "--json", *PROFILED)
    assert result.exit_code == 1 and result.stderr == ""
    said = json.loads(result.stdout)
    assert list(said) == [
        "reference", "new", "drift", "error", "forced", "grid", "counts", "noise", "thresholds",
        "calibrated", "unclear", "groups", "flips", "metrics", "images",
    ]  # fmt: skip
    assert said["drift"] is True and said["error"] is None
    assert said["grid"] == 56 and said["counts"]["compared"] == 4
    whole = json.loads(igcli("compare", old, new, "--json", "--grid", 0).stdout)
    assert whole["grid"] is None and whole["counts"] == said["counts"]
    first = said["thresholds"][0]
    assert first.pop("groups")[0]["count"] == 4
    assert first == {
        "threshold": "prediction_changed>0.1", "value": 0.25, "crossed": True, "unclear": True,
        "left_out": None, "beyond": 0.25, "worst": ["b"],
    }  # fmt: skip
    assert said["flips"] == [{"before": "1", "after": "2", "count": 1, "normal": []}]
    image = said["images"][0]
    assert image["id"] == "a" and image["metrics"]["cosine"] == pytest.approx(-1.0)
    assert image["predictions"] == [1, 1] and image["within_noise"] is False


def test_reports(igcli: Any, old: Path, new: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("junit", "markdown", "html")}
    arguments = [part for name, path in files.items() for part in (f"--{name}", path)]
    for run, word in ((new, "not clear"), (old, "no drift")):
        result = igcli("compare", old, run, *arguments, *PROFILED)
        assert result.exit_code == (run == new)
        failures = ElementTree.parse(files["junit"]).findall(".//failure")
        assert len(failures) == (2 if run == new else 0)
        assert f"**{word}**" in files["markdown"].read_text(encoding="utf-8")
        title = f"<title>igcli: {word.capitalize()}: {run}</title>"
        assert title in files["html"].read_text(encoding="utf-8")
        assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    igcli("compare", old, new, *arguments)
    assert before == {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}


def test_a_report_that_cannot_be_written(igcli: Any, old: Path, tmp_path: Path) -> None:
    for option in ("--junit", "--markdown", "--html"):
        path = tmp_path / "no" / "report"
        result = igcli("compare", old, old, option, path)
        assert result.exit_code == 2 and result.stderr == (
            f"igcli: {option} {path} can't be written: there is no folder {path.parent}\n"
            "to fix this: make that folder, or name another\n"
        )
        assert igcli("compare", old, old, option, tmp_path).exit_code == 2


def test_runs_that_cannot_be_compared_are_reported(igcli: Any, old: Path, tmp_path: Path) -> None:
    """A stale report would say what an earlier build came to."""
    other = write_run(tmp_path / "o<t>*her", rows_of(MAPS), seed=3)
    files = {name: tmp_path / f"report.{name}" for name in ("junit", "markdown", "html")}
    arguments = [part for name, path in files.items() for part in (f"--{name}", path)]
    assert igcli("compare", old, old, *arguments).exit_code == 0
    result = igcli("compare", old, other, *arguments, "--json")
    assert result.exit_code == 3
    problem = f"{old} and {other} are runs of different settings"
    cause = "--seed is 0 there and 3 here"
    fix = "run both alike, or add --force to compare them all the same"
    assert result.stderr == f"igcli: {problem}: {cause}\nto fix this: {fix}\n"
    assert json.loads(result.stdout) == {
        "reference": str(old), "new": str(other), "drift": None,
        "error": {"problem": problem, "cause": cause, "fix": fix},
    }  # fmt: skip
    (suite,) = ElementTree.parse(files["junit"]).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "1")
    (error,) = suite.findall("testcase/error")
    assert error.get("message") == problem
    assert (error.text or "").splitlines() == [
        f"problem: {problem}", f"cause: {cause}", f"fix: {fix}"
    ]  # fmt: skip
    comment = files["markdown"].read_text(encoding="utf-8")
    assert comment.startswith("### igcli: ⚠️ **not compared**\n")
    assert f"**cause**: {cause}" in comment and "/o\\<t\\>\\*her are runs" in comment
    page = files["html"].read_text(encoding="utf-8")
    assert f"<title>igcli: Not compared: {tmp_path}/o&lt;t&gt;*her</title>" in page
    assert "<dt>fix</dt>" in page and f"<dd>{cause}</dd>" in page
    before = {path: path.read_bytes() for path in files.values()}
    assert igcli("compare", old, tmp_path / "nowhere", *arguments).exit_code == 2
    assert before == {path: path.read_bytes() for path in files.values()}


def test_a_full_disk_names_the_report(
    igcli: Any, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, synced: bool = True) -> None:
        raise OSError(28, "No space left on device", "/somewhere/.tmp")

    monkeypatch.setattr("igcli.store.files.whole_file", full)
    path = tmp_path / "drift.md"
    result = igcli("compare", old, old, "--markdown", path)
    assert result.exit_code == 3
    assert f"--markdown {path} can't be written: No space left on device" in result.stderr
    assert "/somewhere" not in result.stderr


def test_fail_on(igcli: Any, old: Path, new: Path) -> None:
    wide = ("--fail-on", "prediction_changed>0.5", "--fail-on", "looks_elsewhere>0.5")
    assert igcli("compare", old, new, *wide).exit_code == 0
    strict = igcli("compare", old, new, *wide, "--fail-on", "cosine.min<0.9")
    assert strict.exit_code == 1
    assert "cosine.min<0.9: -1; a\n" in strict.stdout


def test_force(igcli: Any, old: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", rows_of(MAPS), seed=3)
    result = igcli("compare", old, other)
    assert result.exit_code == 3 and "add --force to compare them all the same" in result.stderr
    result = igcli("compare", old, other, "--force")
    assert result.exit_code == 0
    assert result.stderr == "igcli: note: --force: --seed is 0 there and 3 here\n"


def test_config(igcli: Any, old: Path, new: Path, tmp_path: Path) -> None:
    path = tmp_path / "drift.toml"
    path.write_text('[drift]\nfail-on = ["prediction_changed>0.5", "l1.max>9"]\n')
    result = igcli("compare", old, new, "--config", path, "--json")
    assert result.exit_code == 0
    asked = [found["threshold"] for found in json.loads(result.stdout)["thresholds"]]
    assert asked == ["prediction_changed>0.5", "l1.max>9", *COMPLETE]
    result = igcli("compare", old, new, "--config", path, "--fail-on", "cosine.min<0.9")
    assert result.exit_code == 1 and "prediction_changed>" not in result.stdout
    other = write_run(tmp_path / "other", rows_of(MAPS), seed=3)
    path.write_text("[drift]\nforce = true\n")
    assert igcli("compare", old, other, "--config", path).exit_code == 0
    for text, cause in (
        ("[drift]\nsteps = 3\n", "unknown key 'steps' in [drift]"),
        ("[drift]\nfail-on = [1]\n", "--fail-on 1 can't be read"),
        ("[drift]\nforce = 'perhaps'\n", "perhaps"),
        ("drift = 1\n", "'drift' is not a table"),
        ("[run]\nsteps = 3\n", "drift.toml has no table [drift]: it has [run]"),
        ("", "drift.toml has no table [drift]: it has nothing"),
    ):
        path.write_text(text)
        result = igcli("compare", old, new, "--config", path)
        assert result.exit_code == 2 and cause in result.stderr


def test_failed_inputs_alone(igcli: Any, old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", [failed(name) for name in "abcd"])
    result = igcli("compare", old, new, "--html", tmp_path / "page.html")
    assert result.exit_code == 1 and "CROSSED    failed>0: 1; a, b, c, d\n" in result.stdout
    assert "No two maps are of one class." in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_baseline(igcli: Any, old: Path, new: Path, tmp_path: Path) -> None:
    small = tmp_path / "old.igref"
    result = igcli("baseline", old, "-o", small)
    assert result.exit_code == 0 and result.stdout.startswith(f"{small}: ")
    assert igcli("compare", small, old).exit_code == 0
    result = igcli("compare", small, new, "--json", *PROFILED)
    assert result.exit_code == 1 and json.loads(result.stdout)["grid"] == 56
    assert igcli("baseline", old, "-o", small, "--grid", "2").exit_code == 0
    result = igcli("compare", small, old)
    assert result.exit_code == 0 and "4 images, on a grid of 2: 4 differ by" in result.stdout
    result = igcli("compare", small, old, "--grid", "3")
    assert result.exit_code == 2 and result.stderr == (
        f"igcli: --grid 3: {small} has maps on a grid of 2: what was summed up can't be told apart "
        "again\nto fix this: leave it out, or compare run directories\n"
    )
    assert igcli("baseline", old, "-o", tmp_path / "old.h5").exit_code == 2
    assert igcli("baseline", old).exit_code == 2
    assert igcli("baseline", old, "-o", small, "--grid", "0").exit_code == 2
    assert igcli("baseline", tmp_path, "-o", small).exit_code == 2
    partial = write_run(tmp_path / "partial", rows_of(MAPS), status="partial")
    assert igcli("baseline", partial, "-o", small).exit_code == 3
    result = igcli("baseline", old, "-o", tmp_path / "no" / "x.igref")
    assert result.exit_code == 2 and f"-o {tmp_path / 'no' / 'x.igref'} can't" in result.stderr
    result = igcli("baseline", small, "-o", tmp_path / "x.igref")
    assert result.exit_code == 2 and result.stderr == (
        f"igcli: {small} is no igcli run: it is a reference file, which igcli baseline made of "
        "one\nto fix this: name the folder that igcli run wrote\n"
    )


def test_real_runs(igcli: Any, small_model: Path, photos: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    assert igcli("run", small_model, photos, "-o", old).exit_code == 0
    assert igcli("run", small_model, photos, "-o", new, "--tolerance", "0.02").exit_code == 0
    assert igcli("baseline", old, "-o", tmp_path / "old.igref").exit_code == 0
    for reference in (old, tmp_path / "old.igref"):
        result = igcli("compare", reference, new)
        assert result.exit_code == 0, result.output
        assert "6 differ by no more than the maps' own errors" in result.stdout
    white = tmp_path / "white"
    assert igcli("run", small_model, photos, "-o", white, "--baseline", "white").exit_code == 0
    result = igcli("compare", old, white)
    assert result.exit_code == 3
    assert "--baseline is black there and white here" in result.stderr
    page = tmp_path / "page.html"
    result = igcli("compare", old, white, "--force", "--html", page, *PROFILED)
    assert result.exit_code == 1 and "looks_elsewhere" in result.stdout
    assert page.read_text(encoding="utf-8").count("<img ") == 4 * 6


@pytest.mark.slow
def test_a_rerun_at_the_advised_tolerance_is_accepted(
    igcli: Any, root: Path, tmp_path: Path
) -> None:
    """Digits, whose maps are zero in the background, by the metric that minds that most."""
    data = root / "sample_data"
    digits = (data / "digits.h5", data / "digits", "--no-overlays", "--limit", 5)
    outs = {tolerance: tmp_path / tolerance for tolerance in ("0.05", "0.01")}
    for tolerance, out in outs.items():
        assert igcli("run", *digits, "-o", out, "--tolerance", tolerance).exit_code == 0
    gate = ("--fail-on", "spearman.median<0.95")
    refused = igcli("compare", *outs.values(), *gate)
    assert refused.exit_code == 2 and f"rerun {outs['0.05']} with --tolerance " in refused.stderr
    advised = refused.stderr.split("--tolerance ")[1].split()[0]
    assert 0.01 < float(advised) < 0.05
    again = tmp_path / "again"
    assert igcli("run", *digits, "-o", again, "--tolerance", advised).exit_code == 0
    assert igcli("compare", again, outs["0.01"], *gate).exit_code == 0
