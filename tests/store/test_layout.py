from pathlib import Path

from igcli.store.layout import part_path


def test_parts_sort_by_their_first_row() -> None:
    names = [part_path(Path("o"), start).name for start in (0, 7, 512, 1_000_000)]
    assert names == sorted(names)
    assert part_path(Path("o"), 512) == Path("o/parts/part-000000512.h5")
