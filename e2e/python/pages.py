"""The commands in the documentation, as somebody copies them from there."""

import re

from server import ROOT

BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """Those of a page, block by block, each a list of lines."""
    text = (ROOT / "docs" / page).read_text()
    return [[line.removeprefix(indent) for line in block.splitlines()] for indent, block in BLOCK.findall(text)]


def line(page, begins):
    """The one line that begins so."""
    found = [line for block in blocks(page) for line in block if line.startswith(begins)]
    assert len(found) == 1, (page, begins, found)
    return found[0]
