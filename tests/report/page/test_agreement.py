"""The section of the page on how much hangs on the baseline."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from igcli.report.page.agreement import agreement_html, agreement_of
from igcli.store.run import open_run
from tests.comparison.agreement.runs import NAMES, apart, write

Igcli = Callable[..., Result]


def test_the_report_has_rows_of_small_maps(igcli: Igcli, tmp_path: Path) -> None:
    black = write(tmp_path / "b", dict.fromkeys(NAMES, 1.0), "black")
    white = apart(tmp_path / "w")
    igcli("agreement", black, white, "--pictures", 2)
    with open_run(black) as run:
        shown = agreement_of(run)
        assert shown is not None
        rows = json.loads(shown.rows)
        assert [one["row"] for one in rows] == [5, 4]
        assert rows[0]["said"].startswith("density 0.6, cosine ")
        assert [one["name"] for one in rows[0]["maps"]] == ["black", "white"]
        html = "".join(agreement_html(shown))
        assert "The maps of <strong>6</strong> differ" in html and "class 1" in html
        facts = black / "agreement" / "agreement.json"
        # What is of another run, or no longer whole, is not shown.
        facts.write_text(facts.read_text().replace('"run": "r"', '"run": "s"'))
        assert agreement_of(run) is None
        facts.write_text('{"agreement": {}, "run": "r"}')
        assert agreement_of(run) is None
