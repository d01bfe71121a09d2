"""Writes the six messy tables of this folder, and knows what their cells mean.

Each function makes up the rows of one table, as plain values, and then the file as a program or a person
would have written it. Nothing in them is real. To write them again: python examples/messy/write_tables.py
"""

import csv
import io
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from random import Random
from typing import NamedTuple

import openpyxl


class Messy(NamedTuple):
    """A table as it is meant, and the file that holds it."""

    names: list[str]
    rows: list[tuple]
    file: bytes


def lines(rows: Sequence[Sequence[str]], delimiter: str, end: str = "\r\n") -> str:
    """Rows of text, with quotes where a cell needs them."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def german(number: float, digits: int = 2) -> str:
    """1274.5 as 1.274,50."""
    return f"{number:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def invoices() -> Messy:
    """What an ERP system in Germany exports."""
    random = Random(1)
    names = ["Beleg-Nr.", "Datum", "Kunde", "Warengruppe", "Menge", "Fläche, m²", "Stückpreis", "Betrag"]
    prices = {"Böden": 38.0, "Türen": 310.0, "Dämmung": 12.5, "Größenzuschlag": 85.0}
    rows: list[tuple] = []
    for number in range(90):
        day = date(2024, 1, 8) + timedelta(days=number * 4)
        customer = random.choice(
            ["Bäckerei Weiß", "Müller & Söhne", "Café Übersee; Inh. Jäger", "Gemeinde Köln"]
        )
        group = random.choice(list(prices))
        count = random.randint(3, 1400) if group in ("Böden", "Dämmung") else random.randint(1, 30)
        area = round(count * random.uniform(0.9, 1.3), 1) if random.random() > 0.1 else None
        price = round(prices[group] * random.uniform(0.85, 1.15), 2)
        amount = round(count * price * (-1 if number % 17 == 5 else 1), 2)
        rows.append((f"RE{number + 1:06d}", day, customer, group, count, area, price, amount))
    cells = [
        [row[0], f"{row[1]:%d.%m.%y}", row[2], row[3], german(row[4], 0)]
        + ["" if row[5] is None else german(row[5], 1), german(row[6]), german(row[7]) + " €"]
        for row in rows
    ]
    total = ["Summe", "", "", "", german(sum(row[4] for row in rows), 0), "", ""]
    total.append(german(sum(row[7] for row in rows)) + " €")
    text = "Umsatzübersicht nach Belegen\r\nZeitraum: 01.01.2024 bis 31.12.2024\r\n\r\n"
    return Messy(names, rows, (text + lines([names, *cells, total], ";")).encode("cp1252"))


def survey() -> Messy:
    """Two exports of a survey put one below the other, sorted by the answer that is to be predicted."""
    random = Random(2)
    names = ["country", "age", "owns_home", "rent_share", "has_car", "satisfied"]
    rows: list[tuple] = []
    for _ in range(120):
        owns, car = random.random() < 0.4, random.random() < 0.5
        share = 0 if owns else random.randint(8, 60)
        chance = 1 / (1 + math.exp(-(2.5 - share / 10 + random.gauss(0, 0.5))))
        country = random.choice(["NA", "ZA", "BW", "ZM"])
        rows.append((country, random.randint(18, 80), owns, share / 100, car, random.random() < chance))
    rows.sort(key=lambda row: row[-1])
    words = {True: ["yes", "Yes", "Y", "TRUE"], False: ["no", "No", "N", "FALSE"]}
    cells = [
        [str(number), row[0], str(row[1]), random.choice(words[row[2]]), f"{row[3]:.0%}"]
        + ["1" if row[4] else "0", random.choice(words[row[5]])]
        for number, row in enumerate(rows)
    ]
    header = ["", *names]
    return Messy(names, rows, lines([header, *cells[:64], header, *cells[64:]], ",", "\n").encode())


def laboratory() -> Messy:
    """Water samples: values below the limit of detection, two ways to say that nothing was measured."""
    random = Random(3)
    names = ["sample", "site", "nitrate", "temperature", "conductivity", "bacteria"]
    rows: list[tuple] = []
    for number in range(100):
        nitrate, temperature = random.lognormvariate(0.8, 0.9), random.uniform(4, 22)
        bacteria = 900 * math.exp(0.18 * temperature + 0.25 * min(nitrate, 8) + random.gauss(0, 0.3))
        below = "<0.5" if nitrate < 0.5 else f"{nitrate:.2f}"
        rows.append(
            (
                f"W-{number + 1:03d}",
                random.choice(["spring", "river", "well"]),
                "n.d." if number % 23 == 7 else below,
                None if number % 19 == 4 else round(temperature, 1),
                random.randint(180, 900),
                float(f"{bacteria:.2e}"),
            )
        )
    cells = [
        [*row[:3], "-999" if row[3] is None else str(row[3]), str(row[4]), f"{row[5]:.2E}"] for row in rows
    ]
    cells[50:50] = [["# new reagent from here"]]
    head = "# Laboratory of the waterworks, series 7\n# instrument: ICS-90, operator: mk\n"
    units = ["", "", "mg/L", "°C", "µS/cm", "1/mL"]
    foot = "Source: made up for the examples of Downslope\n"
    return Messy(names, rows, (head + lines([names, units, *cells], ",", "\n") + foot).encode())


def branches() -> Messy:
    """A workbook as a person keeps it: titles, two rows of names, merged cells, totals, a table below."""
    random = Random(4)
    names = ["Branch", "Region", "Staff full-time", "Staff part-time", "Sales 2022", "Sales 2023", "Opened"]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Branches"
    sheet.append(["Branches and their sales"])
    sheet.append(["in thousand EUR, made up"])
    sheet.append([])
    sheet.append(["Branch", "Region", "Staff", None, "Sales", None, "Opened"])
    sheet.append([None, None, "full-time", "part-time", 2022, 2023, None])
    for area in ("A1:G1", "A4:A5", "B4:B5", "C4:D4", "E4:F4", "G4:G5"):
        sheet.merge_cells(area)
    rows: list[tuple] = []
    for region in ("North", "East", "South", "West"):
        first = sheet.max_row + 1
        for number in range(15):
            full, part = random.randint(2, 20), random.randint(0, 12)
            before = round(full * 110 + part * 48 + random.gauss(0, 60), 1)
            now = round(before * (1.08 if region == "South" else 1.02) + random.gauss(0, 25), 1)
            opened = date(random.randint(1985, 2020), random.randint(1, 12), random.randint(1, 28))
            rows.append((f"{region[0]}{number + 1:02d}", region, full, part, before, now, opened))
            sheet.append(rows[-1])
        sheet.merge_cells(start_row=first, end_row=first + 14, start_column=2, end_column=2)
    sums = [round(sum(row[column] for row in rows), 1) for column in range(2, 6)]
    sheet.append(["Total", None, *sums, None])
    sheet.append([])
    sheet.append(["Region", "Manager"])
    for row in (("North", "Ada"), ("East", "Bo"), ("South", "Cleo"), ("West", "Dan")):
        sheet.append(row)
    book.properties.created = book.properties.modified = datetime(2024, 1, 1)
    file = io.BytesIO()
    book.save(file)
    return Messy(names, rows, file.getvalue())


def orders() -> Messy:
    """What a shop in the United States exports."""
    random = Random(5)
    names = ["Order ID", "Date", "Time", "Customer", "ZIP", "Items", "Discount", "Total"]
    rows: list[tuple] = []
    for number in range(110):
        items = random.randint(1, 24)
        discount = -round(random.uniform(2, 40), 2) if random.random() < 0.4 else 0.0
        at = time(random.randint(7, 21), random.randint(0, 59))
        code = random.choice(["02139", "10001", "94103", "00501"])
        total = round(items * (64 if code == "94103" else 52) + discount + random.gauss(0, 15), 2)
        customer = random.choice(["Lee, Ann", "O'Hara, Tim", 'Smith, Jo "JJ"', "Diaz, Eva"])
        order = str(90071992547409931000 + number)
        day = date(2024, 11, 4) + timedelta(days=number // 3)
        rows.append((order, day, at, customer, code, items, discount, total))
    cells = [
        [
            row[0],
            f"{row[1]:%m/%d/%y}",
            f"{row[2].hour % 12 or 12}:{row[2]:%M %p}",
            row[3],
            row[4],
            str(row[5]),
        ]
        + [f"({-row[6]:.2f})" if row[6] else "0.00", f"${row[7]:,.2f}"]
        for row in rows
    ]
    return Messy(names, rows, lines([names, *cells], ",").encode())


def sensors() -> Messy:
    """The log of a heat pump, over the night in which summer time begins."""
    random = Random(6)
    names = ["time", "outside", "inside", "state", "power"]
    rows: list[tuple] = []
    start = datetime(2024, 3, 30, 18, 0, 0, 250_000, UTC)
    for number in range(150):
        at = start + timedelta(minutes=10 * number, milliseconds=random.randint(0, 400))
        outside = round(6 + 5 * math.sin((number - 70) / 23) + random.gauss(0, 0.4), 1)
        inside = None if number % 31 == 8 else round(20.5 + random.gauss(0, 0.5), 2)
        state = "defrost" if outside < 2 and random.random() < 0.3 else "heat"
        power = round((21 - outside) * 92 + (400 if state == "defrost" else 0) + random.gauss(0, 40), 1)
        rows.append((at, outside, inside, state, power))
    change = datetime(2024, 3, 31, 1, tzinfo=UTC)
    cells = [
        [local(row[0], 1 if row[0] < change else 2), str(row[1]), "--" if row[2] is None else str(row[2])]
        + [row[3], str(row[4]), ""]
        for row in rows
    ]
    return Messy(names, rows, lines([[*names, ""], *cells], "\t").encode("utf-16"))


def local(at: datetime, hours: int) -> str:
    """A moment by a clock so many hours ahead, with its zone."""
    return at.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="milliseconds")


TABLES = {
    "invoices.csv": invoices,
    "survey.csv": survey,
    "laboratory.csv": laboratory,
    "branches.xlsx": branches,
    "orders.csv": orders,
    "sensors.tsv": sensors,
}

if __name__ == "__main__":
    for name, table in TABLES.items():
        (Path(__file__).parent / name).write_bytes(table().file)
