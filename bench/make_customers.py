#!/usr/bin/env python3
"""Customer files of any size from samples/customers.csv: same columns, same width, same bytes for the same count.

Every sample customer is varied: number, identity number (check digit made right), mobile number, e-mail and card. Nobody
in the file exists; a value can by chance belong to somebody, so never use one to contact or look up anyone.

usage: make_customers.py COUNT FILE
"""
import csv
import pathlib
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "samples" / "customers.csv"


def chinese_id(number, variant):
    """The same division, birth date and sex with another sequence and the right check digit (GB 11643)."""
    sequence = (int(number[14:17]) + 2 * variant) % 1000
    body = number[:14] + f"{sequence:03d}"
    return body + "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(body)) % 11]


def card(number, variant):
    """The same issuer and length with other account digits and the right check digit (Luhn)."""
    body = number[:-9] + f"{(int(number[-9:-1]) + variant * 7919) % 10**8:08d}"
    total = 0
    for i, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if i % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def varied(sample, variant, number):
    row = dict(sample)
    row["customer_key"] = f"C{number:09d}"
    if variant == 0:
        return row
    if row["id_type"] == "CN_RESIDENT_ID" and len(row["id_number"]) == 18:
        row["id_number"] = chinese_id(row["id_number"], variant)
    if len(row["mobile"]) >= 10:
        row["mobile"] = row["mobile"][:-4] + f"{(int(row['mobile'][-4:]) + variant * 37) % 10000:04d}"
    if row["email"]:
        local, domain = row["email"].split("@")
        row["email"] = f"{local}{variant}@{domain}"
    if row["bank_card"].isdigit():
        row["bank_card"] = card(row["bank_card"], variant)
    return row


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    with open(SAMPLES, encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    with open(sys.argv[2], "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(samples[0]), lineterminator="\n")
        writer.writeheader()
        for i in range(int(sys.argv[1])):
            writer.writerow(varied(samples[i % len(samples)], i // len(samples), i + 1))


if __name__ == "__main__":
    main()
