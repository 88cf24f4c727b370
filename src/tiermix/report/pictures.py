"""Charts as pictures: SVG for the page; PNG, SVG and PDF files for slides. No browser is needed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import vl_convert

from tiermix.errors import not_written
from tiermix.report.figures import Figure
from tiermix.report.theme import LIGHT, filled
from tiermix.whole_files import drafted

#: Pixels of a picture file per pixel of the page.
SCALE = 3

#: What a picture in a page may be made of; anything that runs or loads is not among it.
ELEMENTS = frozenset(
    ("svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "title")
)


def svg(figure: Figure) -> str:
    """Return a figure as an SVG element whose colours are variables of the page.

    Raises
    ------
    ValueError
        If it holds an element or an attribute that a picture has no use for.
    """
    drawn: str = vl_convert.vegalite_to_svg(figure.spec)
    for element in ElementTree.fromstring(drawn).iter():
        tag = element.tag.rpartition("}")[2]
        if tag not in ELEMENTS:
            raise ValueError(f"{figure.name}: a chart may not hold <{tag}>")
        for name in element.attrib:
            if name.startswith("on") or name.rpartition("}")[2] == "href":
                raise ValueError(f"{figure.name}: a chart may not hold the attribute {name}")
    return drawn


def export(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """Write every figure as PNG, SVG and PDF.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for figure in figures:
            spec = filled(figure.spec, LIGHT) | {"background": LIGHT["paper"], "padding": 12}
            path = folder / figure.name
            drawn = {
                ".svg": vl_convert.vegalite_to_svg(spec).encode(),
                ".png": vl_convert.vegalite_to_png(spec, scale=SCALE),
                ".pdf": vl_convert.vegalite_to_pdf(spec),
            }
            for suffix, content in drawn.items():
                written.append(path.with_suffix(suffix))
                with drafted(written[-1]) as draft:
                    draft.write_bytes(content)
    except OSError as error:
        raise not_written(folder, error) from error
    return written
