"""Lists of inputs: what each form means, and each way in which a list can't be used."""

from pathlib import Path

import pytest

from igcli.common.errors import ConfigError, InputError
from igcli.inputs.baselines.listed import check_listed
from igcli.inputs.readers.images import ImageListing
from igcli.inputs.readers.registry import list_inputs


def listed(folder: Path, text: str | bytes, name: str = "list.csv") -> ImageListing:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    listing = list_inputs(folder / name, Path("/nowhere/out"))
    assert isinstance(listing, ImageListing)
    return listing


def test_a_table_names_files_beside_it_in_its_own_order(tmp_path: Path) -> None:
    text = 'path,id,label,age\nz.png,last,fox,3\n"a, b/c.png",first,"cat, tabby",\n'
    listing = listed(tmp_path, text)
    assert listing.files == [tmp_path / "z.png", tmp_path / "a, b/c.png"]
    last, first = listing.names
    assert (last.index, last.id, last.folder, last.path) == (0, "last", "", f"{tmp_path}/z.png")
    assert last.further == (("label", "fox"), ("age", "3"))
    assert (first.index, first.id, first.folder) == (1, "first", "a, b")
    assert first.further == (("label", "cat, tabby"), ("age", ""))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", b"\xef\xbb\xbfpath;kind\r\na.png;x\r\n\r\n"),
        ("list.tsv", b"path\tkind\na.png\tx\n"),
        ("LIST.CSV", b'"path","kind"\n"a.png","x"'),
        ("list.jsonl", b'\n{"path": "a.png", "kind": "x"}\n'),
        ("list.jsonl", b'\xef\xbb\xbf{"kind": "x", "path": "a.png"}'),
    ],
)
def test_forms_of_one_list(tmp_path: Path, name: str, text: bytes) -> None:
    (only,) = listed(tmp_path, text, name).names
    assert (only.id, only.further) == ("a.png", (("kind", "x"),))


def test_json_keeps_every_column_of_any_line(tmp_path: Path) -> None:
    text = '{"path": "a.png", "n": 3, "ok": true}\n{"path": "b.png", "tags": ["x"], "n": null}\n'
    a, b = listed(tmp_path, text, "list.jsonl").names
    assert a.further == (("n", "3"), ("ok", "true"), ("tags", ""))
    assert b.further == (("n", ""), ("ok", ""), ("tags", '["x"]'))


def test_a_results_csv_is_a_list_whose_own_columns_are_renamed(tmp_path: Path) -> None:
    listing = listed(tmp_path, ",id,path,score,list_score\n0,a,a.png,0.5,7\n")
    assert listing.names[0].id == "a"
    assert listing.names[0].further == (
        ("unnamed", "0"),
        ("list_list_score", "0.5"),
        ("list_score", "7"),
    )
    assert "score as list_list_score" in listing.notes[0]


def test_ids_are_paths_below_a_folder_wherever_the_files_lie(tmp_path: Path) -> None:
    listing = listed(tmp_path, "path\n../x/a.png\n/data/b.png\n./c.png\n")
    assert [name.id for name in listing.names] == ["x/a.png", "data/b.png", "c.png"]
    assert listing.files[1] == Path("/data/b.png")
    assert [name.folder for name in listing.names] == ["", "", ""]


def test_baselines_are_recipes_or_files_beside_the_list(tmp_path: Path) -> None:
    text = "path,baseline\na.png,constant:0.5\nb.png,b0.png\nc.png,\n"
    listing = listed(tmp_path, text)
    assert [name.baseline for name in listing.names] == ["constant:0.5", f"{tmp_path}/b0.png", ""]
    assert listing.names[0].further == (("baseline", "constant:0.5"),)
    check_listed(listing.names, "pixels")


@pytest.mark.parametrize("baseline", ["blue", "mean", "constant:x", "zeros"])
def test_a_baseline_that_there_is_none_of_is_refused(tmp_path: Path, baseline: str) -> None:
    listing = listed(tmp_path, f"path,baseline\na.png,{baseline}\n")
    with pytest.raises(ConfigError, match=baseline):
        check_listed(listing.names, "pixels")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("list.csv", "", "has no column path: it is empty"),
        ("list.csv", "file,label\na.png,x\n", "has no column path: its first line is 'file,label'"),
        ("list.csv", "path,label\n", "names no input"),
        ("list.csv", "path,x\na.png,1\n\n,2\n", "line 4 has no path"),
        ("list.csv", 'path,x\n"a\nb.png",1\nc.png\n', "line 4 has 1 fields"),
        ("list.csv", 'path,x\n"a.png"b,1\n', "line 2 is no CSV"),
        ("list.csv", "path,x,x\na.png,1,2\n", "has two columns 'x'"),
        ("list.csv", "path\na.png\nb.png\na.png\n", "line 4: 'a.png' is in line 2 too"),
        ("list.csv", "path,id\na.png,1\nb.png,1\n", "line 3: '1' is in line 2 too"),
        ("list.csv", b"path\n\xff.png\n", "can't be read: it is not UTF-8 text"),
        ("list.jsonl", '{"path": "a.png"}\n{"path": \n', "line 2 is not JSON"),
        ("list.jsonl", '["a.png"]\n', "line 1 is no JSON object"),
        ("list.jsonl", '{"file": "a.png"}\n', "line 1 has no path"),
    ],
)
def test_what_is_no_list_is_refused_by_its_line(
    tmp_path: Path, name: str, text: str | bytes, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        listed(tmp_path, text, name)
    assert said in str(caught.value)
