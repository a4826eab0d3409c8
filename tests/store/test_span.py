from pathlib import Path

from igcli.store import span as module
from igcli.store.span import Span, joined

A, B = Path("a.h5"), Path("b.h5")


def test_rows_and_places() -> None:
    span = Span(A, start=10, rows=4, place=3)
    assert span.stop == 14 and span.places == slice(3, 7) and span.place_of(12) == 5


def test_spans_that_go_on_with_each_other_are_one() -> None:
    spans = [Span(A, 0, 2, 0), Span(A, 2, 3, 2), Span(A, 5, 1, 6), Span(B, 6, 2, 0), Span(A, 8, 1)]
    assert list(joined(spans)) == [Span(A, 0, 5, 0), *spans[2:]]
    assert list(joined([])) == []


def test_a_joined_span_is_of_a_bounded_size(monkeypatch: object) -> None:
    spans = [Span(A, start, 1000, start) for start in range(0, 10_000, 1000)]
    assert [span.rows for span in joined(spans)] == [4000, 4000, 2000]
    assert module._MOST_ROWS == 4096
