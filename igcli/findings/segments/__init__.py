"""Segments of a picture, and XRAI's regions made of them: where a map counts most, with its error.

`igcli regions` is made of this; `igcli.common.regions` is something else, cells of a fixed size.
Here a segment is what a picture is cut into, and an area what the ranking makes of segments: the
pixels that one adds to those taken before.
"""
