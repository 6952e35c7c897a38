#!/usr/bin/env python3
"""Holds samples/ to what its README promises: well-formed, unique, mapped, and one customer that the examples can find."""

import csv
import json
import re
import unicodedata

import tree

SAMPLES = tree.ROOT / "samples"
PARTS = ("customers", "transactions", "feedback")


def rows_of(part):
    with open(SAMPLES / f"{part}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def luhn_valid(number):
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def resident_valid(row):
    number = row["id_number"]
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number):
        return False
    total = sum(pow(2, 17 - place, 11) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(number))
    male = int(number[16]) % 2 == 1
    return total % 11 == 1 and number[6:14] == row["birth_date"].replace("-", "") and male == (row["gender"] == "男")


def problems():
    tables = {part: rows_of(part) for part in PARTS}
    customers = tables["customers"]
    keys = {row["customer_key"] for row in customers}
    if not 2000 <= len(customers) <= 10000:
        yield f"{len(customers)} customers, want a few thousand"
    for column in ("customer_key", "id_number", "mobile", "bank_card", "email"):
        values = [row[column] for row in customers if row[column]]
        if len(values) != len(set(values)):
            yield f"customers.csv: {column} is not unique"
    for row in customers:
        if row["id_type"] == "CN_RESIDENT_ID" and not resident_valid(row):
            yield f"{row['customer_key']}: identity number does not fit check digit, birth date or sex"
        if not luhn_valid(row["bank_card"]):
            yield f"{row['customer_key']}: card number fails Luhn"
        if row["email"] and not re.fullmatch(r"[a-z0-9.]+@example\.(com|org|net)", row["email"]):
            yield f"{row['customer_key']}: e-mail address is not in a reserved domain"
        if not re.fullmatch(r"1[3-9]\d{9}|\+[1-9]\d{7,14}", row["mobile"]):
            yield f"{row['customer_key']}: mobile number is not well formed"
    for part in ("transactions", "feedback"):
        if strangers := {row["customer_key"] for row in tables[part]} - keys:
            yield f"{part}.csv names {len(strangers)} unknown customers"
    for part in PARTS:
        lines = (SAMPLES / f"{part}.csv").read_text(encoding="utf-8")
        if lines.count("\n") != len(tables[part]) + 1:
            yield f"{part}.csv: a row spans several lines, which ./run --customers cannot cut"
        mapping = json.loads((SAMPLES / f"mapping-{part}.json").read_text(encoding="utf-8"))
        if unknown := set(mapping["columns"]) - set(tables[part][0]):
            yield f"mapping-{part}.json: no such column: {', '.join(sorted(unknown))}"
        if len(set(mapping["columns"].values())) != len(mapping["columns"]):
            yield f"mapping-{part}.json: two columns fill one field"
    yield from missing_variety(customers)
    yield from caller_problems(tables)


def missing_variety(customers):
    names = "".join(row["name"] for row in customers)
    if "·" not in names:
        yield "no name has a middle dot"
    if not any(ord(c) > 0xFFFF for c in names):
        yield "no name has a character outside the Basic Multilingual Plane"
    if any(unicodedata.normalize("NFC", row["name"]) != row["name"] for row in customers):
        yield "a name is not in normal form C"


def caller_problems(tables):
    """The customer of the README's commands: one, first in the file, with sales and a comment."""
    found = [row for row in tables["customers"] if row["mobile"] == "13812345678"]
    if len(found) != 1 or found[0] is not tables["customers"][0]:
        yield "not exactly the first customer has the mobile number 13812345678"
        return
    for part, least in (("transactions", 2), ("feedback", 1)):
        if sum(row["customer_key"] == found[0]["customer_key"] for row in tables[part]) < least:
            yield f"the customer with 13812345678 has too few {part}"


if __name__ == "__main__":
    tree.report(problems())
