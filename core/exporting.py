"""Tables as files, written piece by piece: CSV, JSON and spreadsheets. No cell is ever a formula."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

# What a spreadsheet takes for the beginning of a formula, the wide forms of East Asian keyboards included.
FORMULA_STARTS: Final = frozenset("=+-@\t\r\n|%＝＋－＠")
LONGEST_CELL: Final = 32_767
CHUNK: Final = 64 * 1024

Head = tuple[str, str]
Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file. `write` gets the columns (name and title) and the rows, and yields bytes."""

    title: str
    content_type: str
    write: Callable[[Sequence[Head], Rows], Iterator[bytes]]


class _Line:
    """What `csv.writer` writes to: hands the line back."""

    def write(self, text: str) -> str:
        return text


def write_csv(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """UTF-8 with the mark that Excel needs; times in UTC."""
    writer: Any = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow([title for _name, title in heads]).encode()
    for row in rows:
        yield writer.writerow([harmless(_text(value)) if isinstance(value, str | list) else _text(value)
                               for value in row]).encode()  # fmt: skip


def write_json(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """An array of objects, one a line. A file that was cut off is no JSON, so a broken download shows."""
    names = [name for name, _title in heads]
    before = "[\n"
    for row in rows:
        values = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        yield (before + json.dumps(values, ensure_ascii=False)).encode()
        before = ",\n"
    yield (b"[" if before == "[\n" else b"\n") + b"]\n"


def write_xlsx(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """One sheet. Rows go to the disk as they come; the file is sent when the last one is written."""
    with tempfile.TemporaryFile() as file:
        _fill(file, heads, rows)
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK), b"")


def harmless(text: str) -> str:
    """The text, with a quote before it where a spreadsheet would calculate."""
    return f"'{text}" if text[:1] in FORMULA_STARTS or (text.lstrip()[:1] in FORMULA_STARTS and text.strip()) else text


def _fill(file: Any, heads: Sequence[Head], rows: Rows) -> None:
    options = {"constant_memory": True, "in_memory": False, "remove_timezone": False}
    # Read where somebody asks: each web process would hold some MiB for what few of them ever write.
    import xlsxwriter

    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        strong = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for column, (_name, title) in enumerate(heads):
            sheet.write_string(0, column, title, strong)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write_cell(sheet, number, column, value, moment)


def _write_cell(sheet: Any, row: int, column: int, value: Any, moment: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        # Spreadsheets know no zones.
        sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), moment)
    elif isinstance(value, int | Decimal):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, _cut(_text(value)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal) else value


FORMATS: Final = {
    "csv": Format(title="CSV", content_type="text/csv; charset=utf-8", write=write_csv),
    "json": Format(title="JSON", content_type="application/json", write=write_json),
    "xlsx": Format(
        title="Excel", content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write=write_xlsx,
    ),
}  # fmt: skip
