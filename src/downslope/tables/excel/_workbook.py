"""What a workbook of Excel says of its cells beyond their values: merged ones, errors, unsaved formulas."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree

from downslope._dataclass import dataclass
from downslope.tables.excel._sheet import Area

__all__ = ["SheetMarks", "marks_of"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR = re.compile(rb'<c r="([A-Z]+\d+)"(?: s="\d+")? t="e"[^>]*>.{0,2000}?<v>([^<]{1,20})</v>', re.DOTALL)
_FORMULA = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>')
_MERGED = re.compile(rb'<mergeCell ref="([^"]+)"')


@dataclass(frozen=True)
class SheetMarks:
    """What is marked on a sheet.

    Attributes:
        merged: areas of merged cells.
        errors: cells with errors such as #N/A, with their text.
        formulas: cells with formulas whose value was not saved.
    """

    merged: tuple[Area, ...] = ()
    errors: tuple[tuple[Area, str], ...] = ()
    formulas: tuple[Area, ...] = ()


def marks_of(content: bytes, sheet: str) -> SheetMarks:
    """The marks of a sheet of an .xlsx file; none of a file of another format."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read(_path_of(archive, sheet))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError, ValueError):
        return SheetMarks()
    merged = _MERGED.findall(text[max(0, text.rfind(b"<mergeCells")) :]) if b"<mergeCells" in text else []
    errors = _ERROR.findall(text) if b't="e"' in text else []
    formulas = _FORMULA.findall(text) if b"<f" in text else []
    return SheetMarks(
        tuple(area for found in merged if (area := Area.of(found.decode()))),
        tuple((area, word.decode()) for found, word in errors if (area := Area.of(found.decode()))),
        tuple(area for found in formulas if (area := Area.of(found.decode()))),
    )


def _path_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The path of a sheet in the archive.

    Raises:
        KeyError: where there is none.
    """
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    link = next((s.get(_LINK) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet), None)
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next((found.get("Target") for found in links if found.get("Id") == link), None)
    if target is None:
        raise KeyError(sheet)
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
