"""Archives out of the cache: unpacked once, whole, and never outside their folder."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from igcli.common.errors import InputError
from igcli.reproduce import unpack
from igcli.reproduce.unpack import cats_in, model_in


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_the_cats_come_out_of_the_wheel(tmp_path: Path) -> None:
    cats = packed({"a.jpg": b"a", "b.jpg": b"b"})
    path = wheel(tmp_path / "alibi-0.9.4.whl", {"alibi/data/cats.tar.gz": cats, "x.py": b""})
    folder = cats_in(path)
    assert folder == tmp_path / "cats"
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"a.jpg": b"a", "b.jpg": b"b"}
    (folder / "a.jpg").write_bytes(b"kept")
    assert cats_in(path) == folder and (folder / "a.jpg").read_bytes() == b"kept"


def test_a_model_comes_out_of_its_archive(tmp_path: Path) -> None:
    path = tmp_path / "inception_v1.tar.gz"
    path.write_bytes(packed({"./saved_model.pb": b"graph", "./variables/v": b"1"}))
    folder = model_in(path)
    assert folder == tmp_path / "inception_v1"
    assert (folder / "saved_model.pb").read_bytes() == b"graph"
    assert (folder / "variables" / "v").read_bytes() == b"1"


@pytest.mark.parametrize(
    "content",
    [b"no archive", packed({"../outside": b"x"}), packed({"inside": b"x"})[:-20]],
    ids=["no archive", "outside", "cut short"],
)
def test_broken_or_hostile_archives_leave_nothing(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    path = folder / "model.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.tar\.gz can't be unpacked"):
        model_in(path)
    assert [p.name for p in tmp_path.rglob("*")] == ["cache", "model.tar.gz"]


def test_an_archive_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_MOST_BYTES", 10)
    path = tmp_path / "model.tar.gz"
    path.write_bytes(packed({"a": b"123456", "b": b"78901"}))
    with pytest.raises(InputError, match="more than"):
        model_in(path)


@pytest.mark.parametrize("files", [{"other": b""}, {"alibi/data/cats.tar.gz": b"no tar"}])
def test_a_wheel_without_cats(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(InputError, match="can't be unpacked"):
        cats_in(wheel(tmp_path / "alibi.whl", files))
