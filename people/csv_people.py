"""Reading people from a CSV file: what spreadsheets and directories export, with every problem named by its line."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.validators import UNSTORABLE

LARGEST = 5 * 1024 * 1024
MOST_ROWS = 10_000
COLUMNS = (
    "email", "name", "title", "department", "team", "location", "company", "mobile_phone", "office_phone", "time_zone",
    "external_id",
)  # fmt: skip
# How spreadsheets spell them.
ALSO = {
    "e-mail": "email", "mail": "email", "e-mail_address": "email", "phone": "office_phone", "mobile": "mobile_phone",
    "timezone": "time_zone", "job_title": "title",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Line:
    """One person of the file: the line it ends on, the cells that say something, and what is wrong with it."""

    number: int
    values: dict[str, str]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The file. `ignored` are the names of columns that mean nothing here."""

    lines: list[Line]
    ignored: list[str] = field(default_factory=list)


def read(content: bytes) -> Table:
    """The people of a file in UTF-8, with a comma or a semicolon between cells. Formulas are text like any other.

    :raises Invalid: when it is too large, or no such table.
    """
    if len(content) > LARGEST:
        raise Invalid(_("The file is larger than 5 MB. Split it."), field="file")
    rows = _rows(_text(content))
    try:
        _number, header = next(rows, (0, []))
        names = [_spelled(cell) for cell in header]
        _check_header(names)
        lines = [_line(number, names, cells) for number, cells in rows]
    except csv.Error as error:
        raise Invalid(_("The file is not CSV: %(why)s") % {"why": error}, field="file") from None
    if not lines:
        raise Invalid(_("The file names nobody: there is no line below the header."), field="file")
    ignored = [cell.strip() for cell, name in zip(header, names, strict=True) if name not in COLUMNS and cell.strip()]
    return Table(lines=lines, ignored=ignored)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(_("The file is not UTF-8. In the spreadsheet, save it as “CSV UTF-8”."), field="file") from None
    if UNSTORABLE.search(text):
        raise Invalid(_("The file holds a NUL character. Is it a CSV file?"), field="file")
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells, without lines that are empty.

    :raises Invalid: with more than can be imported at once.
    """
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    count = 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise Invalid(_("The file has more than 10,000 lines. Split it."), field="file")
        yield reader.line_num, cells


def _spelled(cell: str) -> str:
    name = cell.strip().lower().replace(" ", "_")
    return ALSO.get(name, name)


def _check_header(names: list[str]) -> None:
    if "email" not in names:
        raise Invalid(
            _("The first line names the columns, “email” among them. Possible are: %(names)s.")
            % {"names": ", ".join(COLUMNS)},
            field="file",
        )
    twice = next((name for name in names if name in COLUMNS and names.count(name) > 1), None)
    if twice:
        raise Invalid(_("The column “%(name)s” comes twice.") % {"name": twice}, field="file")


def _line(number: int, names: list[str], cells: list[str]) -> Line:
    values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in COLUMNS and cell.strip()}
    problem = _("There are more cells than the header names.") if any(c.strip() for c in cells[len(names) :]) else ""
    return Line(number=number, values=values, problem=problem)
