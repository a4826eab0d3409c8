from igcli.common.name_matching import match


def files(*ids: str) -> dict[str, str]:
    return {identity: f"/images/{identity}" for identity in ids}


def test_names_are_ids_or_parts_of_them() -> None:
    ids = ["a/1.jpg", "a/2.jpg", "b/2.jpg", "b/3.png"]
    assert match(["a/1.jpg", "a/2", "2.jpg", "3"], files(*ids)) == {
        "a/1.jpg": "a/1.jpg",
        "a/2.jpg": "a/2",
        # The only one called so that is left.
        "b/2.jpg": "2.jpg",
        "b/3.png": "3",
    }


def test_what_may_be_two_is_none() -> None:
    assert match(["2.jpg"], files("a/2.jpg", "b/2.jpg")) == {}
    assert match(["x/2.jpg", "y/2.jpg"], files("2.jpg")) == {}
    assert match([], files("a")) == {} and match(["a"], {}) == {}


def test_inputs_of_a_list_are_known_by_their_files_too() -> None:
    listed = {"first": "/x/1.jpg", "second": "/x/2.jpg", "3": "/x/4.jpg"}
    assert match(["1.jpg", "second", "2", "3"], listed) == {
        "first": "1.jpg",
        "second": "second",
        "3": "3",
    }
