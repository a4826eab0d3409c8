from igcli.findings.locate_names import match


def test_names_are_ids_or_parts_of_them() -> None:
    ids = ["a/1.jpg", "a/2.jpg", "b/2.jpg", "b/3.png"]
    assert match(["a/1.jpg", "a/2", "2.jpg", "3"], ids) == {
        "a/1.jpg": "a/1.jpg",
        "a/2.jpg": "a/2",
        # The only one called so that is left.
        "b/2.jpg": "2.jpg",
        "b/3.png": "3",
    }


def test_what_may_be_two_is_none() -> None:
    assert match(["2.jpg"], ["a/2.jpg", "b/2.jpg"]) == {}
    assert match(["x/2.jpg", "y/2.jpg"], ["2.jpg"]) == {}
    assert match([], ["a"]) == {} and match(["a"], []) == {}
