"""The document: a policy that names what it holds, and text that stays text."""

import re
from base64 import b64encode
from hashlib import sha256

from igcli.common.html import document, number, text


def test_the_policy_names_style_and_script_by_their_hashes() -> None:
    page = "".join(document("a <b>", "p { margin: 0 }", ["<p>body</p>"], "let a = 1 < 2;"))
    assert "<title>a &lt;b&gt;</title>" in page and "<p>body</p>" in page
    policy = re.findall(r'Policy" content="([^"]*)"', page)[0]
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)[0]
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
    without = "".join(document("", "", []))
    assert "script" not in without


def test_text_and_numbers() -> None:
    assert text('<i>"\n\u202e') == "&lt;i&gt;&quot;\\n\\u202e"
    assert [number(v) for v in (None, 3, -0.5, float("-inf"))] == ["–", "3", "−0.5", "−∞"]
    assert number(0.123456, ".2f") == "0.12"
