"""Every name that the command line shows stands for something, and everything has its name."""

from igcli.attribution import methods, quadrature
from igcli.common import choices
from igcli.figures import style
from igcli.inputs import preprocess


def test_names_are_the_tables_keys() -> None:
    assert tuple(quadrature.RULES) == choices.RULES
    assert tuple(methods.METHODS) == choices.METHODS
    assert tuple(preprocess.PREPROCESS) == choices.PREPROCESS


def test_a_run_draws_every_style_but_those_of_sheets() -> None:
    assert {*choices.RUN_STYLES} == {*style.STYLES, choices.AUTO} - {"panel", "tutorial"}
