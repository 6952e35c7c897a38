#!/usr/bin/env python3
"""Writes samples/*.csv: invented, well-formed customers with real sale lines and comments.

    tools/make-samples.py --inputs DIR [--count 3000] [--seed 7] [--out samples]

DIR holds the input tables named in samples/README.md, each in its folder: online-retail, en-reviews, zh-divisions,
zh-mobile-prefixes, bank-bins, intl-names. The same inputs and options give the same bytes. The results are committed; nobody
needs the inputs to build, test or run Cloister.
"""

import argparse
import csv
import datetime
import gzip
import json
import pathlib
import random
import re
import string
import unicodedata

import sample_words as words
from sample_documents import DOCUMENTS, digits, hong_kong_id, luhn, resident_check, taiwan_id

CUSTOMER_COLUMNS = (
    "customer_key name name_latin gender birth_date country id_type id_number mobile phone_home email im_account province city "
    "district address postal_code bank_name bank_card card_type card_expiry occupation marital_status education language "
    "preferred_channel contact_window interests payment_preference contract paperless marketing_opt_in registered_at "
    "source_system"
).split()
TRANSACTION_COLUMNS = (
    "transaction_id customer_key order_no line_no channel payment_method card_last4 source_invoice stock_code description "
    "quantity unit_price amount currency ordered_at sale_country"
).split()
FEEDBACK_COLUMNS = (
    "feedback_id customer_key created_at channel language category rating sentiment title content source source_row"
).split()

# The first customer is the one the README's commands look for.
CALLER_MOBILE = "13812345678"
CHINESE_SHARE = 0.6
LINES_PER_CUSTOMER = 5
FEEDBACK_PER_CUSTOMER = 0.4
# A whole number of weeks, so that weekday and hour of a sale stay real.
SALES_SHIFT = datetime.timedelta(weeks=730)
REFERENCE_YEAR = 2025


# Inputs


def read_table(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def with_pinyin(text):
    """"王wang 李li" -> [("王", "wang"), ("李", "li")]"""
    return [re.fullmatch(r"([^a-z]+)([a-z]+)", item).groups() for item in text.split()]


class Inputs:
    def __init__(self, root):
        self.load_divisions(root / "zh-divisions")
        self.load_mobiles(root / "zh-mobile-prefixes")
        self.load_cards(root / "bank-bins")
        self.names = json.loads((root / "intl-names" / "intl_names.json").read_text(encoding="utf-8"))
        self.load_sales(root / "online-retail")
        self.load_reviews(root / "en-reviews")

    def load_divisions(self, folder):
        provinces = {row["code"]: row["name"] for row in read_table(folder / "provinces.csv")}
        cities = {row["code"]: row["name"] for row in read_table(folder / "cities.csv")}
        self.areas = {}
        for row in read_table(folder / "areas.csv"):
            city = re.sub(r"市辖区|(省|自治区)直辖县级行政区划|^县$", "", cities.get(row["cityCode"], ""))
            name = re.sub(r"市辖区|(省|自治区)直辖县级行政区划", "", row["name"])
            province = provinces[row["provinceCode"]]
            if not name or (not city and row["provinceCode"] not in ("11", "12", "31", "50")):
                continue
            self.areas[row["code"]] = dict(code=row["code"], province=province, city=city or province, name=name, streets=[])
        for row in read_table(folder / "streets.csv.gz"):
            if row["areaCode"] in self.areas:
                self.areas[row["areaCode"]]["streets"].append(row["name"].removesuffix("办事处"))
        self.areas_of = {}
        for area in self.areas.values():
            if area["streets"]:
                self.areas_of.setdefault(area["code"][:2], []).append(area)
        self.abolished = {}
        for row in read_table(folder / "gb2260_historical.csv"):
            if row["current"] == "0" and not row["code"].endswith(("00", "01")):
                self.abolished.setdefault(row["code"][:2], []).append(row["code"])

    def load_mobiles(self, folder):
        self.prefixes = {}
        for row in read_table(folder / "mobile_prefix7.csv.gz"):
            self.prefixes.setdefault((row["province"], row["city"]), []).append(row["prefix7"])
            if row["prefix7"] == CALLER_MOBILE[:7]:
                self.caller_home = (row["province"], row["city"])

    def load_cards(self, folder):
        self.chinese_bins = [
            row for row in read_table(folder / "cn_bins.csv")
            if row["bank_code"] in words.LARGE_BANKS and row["card_type"] in ("debit", "credit")
            and 6 <= len(row["bin"]) <= 10 and row["bin"][0] in "3456" and row["length"] in ("16", "19")
        ]
        self.foreign_bins = {}
        for row in read_table(folder / "intl_bins.csv"):
            if re.match(r"4|5[1-5]|3[47]", row["bin"]):
                self.foreign_bins.setdefault(row["country"].upper(), []).append(row)

    def load_sales(self, folder):
        """Invoices with at least one ordinary line (a product, not cancelled, priced, described), by country."""
        invoices = {}
        for row in read_table(folder / "online_retail.csv.gz"):
            ordinary = row["InvoiceNo"].isdigit() and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0
            # Postage, bank charges and corrections have codes in words.
            is_product = re.match(r"\d{5}", row["StockCode"]) and row["Description"].strip()
            if ordinary and is_product:
                invoices.setdefault(row["InvoiceNo"], []).append(row)
        self.invoices = {}
        for lines in invoices.values():
            self.invoices.setdefault(lines[0]["Country"], []).append(lines)

    def load_reviews(self, folder):
        self.reviews = []
        for number, row in enumerate(read_table(folder / "womens_clothing_ecommerce_reviews.csv.gz"), start=1):
            text = " ".join(row["Review Text"].split())
            if 20 <= len(text) <= 330:
                self.reviews.append(dict(row, text=text, number=number))


# Customers


def ascii_only(text):
    text = text.translate(str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "Ae"}))
    return "".join(c for c in unicodedata.normalize("NFD", text) if ord(c) < 128)


class Customers:
    """Makes one customer at a time; each has its own random numbers, so a change to one leaves the others as they are."""

    def __init__(self, inputs, seed):
        self.inputs = inputs
        self.seed = seed
        self.taken = {CALLER_MOBILE}
        self.surnames = with_pinyin(words.SURNAMES)
        self.compound = with_pinyin(words.COMPOUND_SURNAMES)
        self.given = {"男": with_pinyin(words.GIVEN_MALE), "女": with_pinyin(words.GIVEN_FEMALE)}
        self.given_both = with_pinyin(words.GIVEN_BOTH)
        self.given_rare = with_pinyin(words.GIVEN_BEYOND_BMP)

    def make(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        person = self.person(rng)
        is_caller = number == 1
        chinese = is_caller or rng.random() < CHINESE_SHARE
        row = dict.fromkeys(CUSTOMER_COLUMNS, "")
        row.update(customer_key=f"C{number:06}", birth_date=person["born"].isoformat())
        row.update(self.chinese(rng, person, is_caller) if chinese else self.foreign(rng, person))
        row.update(self.habits(rng, person, chinese))
        return row

    def unique(self, draw):
        """Draws until the value is one that no earlier customer has."""
        while (value := draw()) in self.taken:
            pass
        self.taken.add(value)
        return value

    def person(self, rng):
        age = min(85, max(18, round(rng.gauss(42, 15))))
        born = datetime.date(REFERENCE_YEAR - age, 1, 1) + datetime.timedelta(days=rng.randrange(365))
        return dict(male=rng.random() < 0.5, born=born, age=age)

    def chinese_name(self, rng, sex):
        kind = rng.random()
        if kind < 0.006:
            return rng.choice(words.DOTTED_NAMES[sex])
        if kind < 0.02:
            surname = rng.choice(self.compound)
        else:
            surname = rng.choices(self.surnames, [1 / (place + 6) for place in range(len(self.surnames))])[0]
        pool = self.given[sex] + self.given_both
        given = [rng.choice(pool) for _ in range(1 if rng.random() < 0.2 else 2)]
        if rng.random() < 0.006:
            given = [rng.choice(self.given_rare)]
        latin = f"{surname[1].capitalize()} {''.join(p for _, p in given).capitalize()}"
        return surname[0] + "".join(c for c, _ in given), latin

    def chinese(self, rng, person, is_caller):
        sex = "男" if person["male"] else "女"
        name, latin = self.chinese_name(rng, sex)
        area = self.caller_area(rng) if is_caller else rng.choice(self.inputs.areas_of[self.province(rng)])
        abroad = "" if is_caller else rng.choices(["", "HK", "TW"], [975, 15, 10])[0]
        row = dict(name=name, name_latin=latin, gender=sex, country="中国", language="zh-CN")
        row.update(self.chinese_document(rng, person, area, abroad, row))
        row["mobile"] = CALLER_MOBILE if is_caller else self.chinese_mobile(rng, area, abroad)
        if area["city"] in words.AREA_CODES and rng.random() < 0.25:
            row["phone_home"] = f"{words.AREA_CODES[area['city']]}-{rng.randint(2, 8)}{digits(rng, 7)}"
        slug = latin.lower().split(" ")
        if is_caller or rng.random() < 0.88:
            row["email"] = self.email(rng, rng.choice(["".join(slug), ".".join(slug), slug[1] + slug[0]]), person)
        if rng.random() < 0.6:
            row["im_account"] = rng.choice(["wxid_" + digits(rng, 10), slug[0] + digits(rng, 5)])
        row.update(self.chinese_address(rng, area), **self.chinese_card(rng))
        return row

    def province(self, rng):
        return rng.choices(list(words.PROVINCES), [people for _, people in words.PROVINCES.values()])[0]

    def caller_area(self, rng):
        province, city = self.inputs.caller_home
        return rng.choice([a for areas in self.inputs.areas_of.values() for a in areas
                           if a["province"].startswith(province) and a["city"].startswith(city)])

    def chinese_document(self, rng, person, area, abroad, row):
        if abroad == "HK":
            return dict(country="中国香港", id_type="HK_ID", id_number=self.unique(lambda: hong_kong_id(rng, person)))
        if abroad == "TW":
            return dict(country="中国台湾", id_type="TW_ID", id_number=self.unique(lambda: taiwan_id(rng, person)))
        home = area["code"][:2] if rng.random() < 0.8 else self.province(rng)
        # The code on a card is the one of its day: many older people carry a county that no longer exists.
        old = self.inputs.abolished.get(home, []) if person["born"].year < 1990 and rng.random() < 0.2 else []
        codes = old or [a["code"] for a in self.inputs.areas_of[home]]

        def draw():
            serial = rng.randrange(0, 499) * 2 + (1 if person["male"] else 2)
            body = f"{rng.choice(codes)}{person['born']:%Y%m%d}{serial:03}"
            return body + resident_check(body)

        return dict(id_type="CN_RESIDENT_ID", id_number=self.unique(draw))

    def chinese_mobile(self, rng, area, abroad):
        if abroad == "HK":
            return self.unique(lambda: "+852" + rng.choice("569") + digits(rng, 7))
        if abroad == "TW":
            return self.unique(lambda: "+8869" + digits(rng, 8))
        local = [numbers for (province, city), numbers in self.inputs.prefixes.items()
                 if area["province"].startswith(province) and area["city"].startswith(city)]
        if not local or rng.random() < 0.15:
            local = list(self.inputs.prefixes.values())
        return self.unique(lambda: rng.choice(rng.choice(local)) + digits(rng, 4))

    def chinese_address(self, rng, area):
        whole = area["province"] if area["city"] == area["province"] else area["province"] + area["city"]
        whole += area["name"] + rng.choice(area["streets"]) + rng.choice(words.ROADS) + f"{rng.randint(1, 999)}号"
        whole += f"{rng.choice(words.ESTATES)}{rng.randint(1, 60)}{rng.choice(['栋', '幢', '号楼'])}"
        if rng.random() < 0.7:
            whole += f"{rng.randint(1, 6)}单元"
        whole += f"{rng.randint(1, 33)}{rng.randint(1, 8):02}室"
        return dict(province=area["province"], city=area["city"], district=area["name"], address=whole,
                    postal_code=words.PROVINCES[area["code"][:2]][0] + digits(rng, 4))

    def chinese_card(self, rng):
        bank = rng.choices(list(words.LARGE_BANKS), list(words.LARGE_BANKS.values()))[0]
        kind = "debit" if rng.random() < 0.75 else "credit"
        fitting = [b for b in self.inputs.chinese_bins if b["bank_code"] == bank]
        choice = rng.choice([b for b in fitting if b["card_type"] == kind] or fitting)
        return dict(bank_name=choice["bank_name"], card_type=choice["card_type"],
                    bank_card=self.card(rng, choice["bin"], int(choice["length"])))

    def card(self, rng, prefix, length):
        def draw():
            body = prefix + digits(rng, length - len(prefix) - 1)
            return body + luhn(body)

        return self.unique(draw)

    def email(self, rng, slug, person):
        def draw():
            tail = rng.choice(["", f"{person['born']:%y}", f"{person['born']:%Y}", digits(rng, 3)])
            return f"{slug}{tail}@example.{rng.choice(['com', 'org', 'net'])}"

        return self.unique(draw)

    def foreign(self, rng, person):
        country = rng.choices(words.COUNTRIES, [c["share"] for c in words.COUNTRIES])[0]
        names = self.inputs.names[country["locale"]]
        first, last = rng.choice(names["male" if person["male"] else "female"]), rng.choice(names["last"])
        eastern = country["iso"] == "JP"
        name = f"{last} {first}" if eastern else f"{first} {last}"
        kind, document = DOCUMENTS[country["iso"]]
        row = dict(name=name, name_latin="" if eastern else ascii_only(name), gender="M" if person["male"] else "F",
                   country=country["name"], language=country["language"], id_type=kind,
                   id_number=self.unique(lambda: document(rng, person)),
                   mobile=self.unique(lambda: rng.choice(country["mobile"]) + digits(rng, country["digits"])))
        slug = re.sub(r"[^a-z.]", "", f"{ascii_only(first)}.{ascii_only(last)}".lower()).strip(".")
        if rng.random() < 0.95:
            row["email"] = self.email(rng, slug or f"customer{digits(rng, 4)}", person)
        row.update(self.foreign_address(rng, country), **self.foreign_card(rng, country))
        return row

    def foreign_address(self, rng, country):
        city, region, pattern = rng.choice(country["cities"])
        post = "".join(rng.choice(string.digits) if c == "#" else rng.choice("ABDEFGHJLNPRSTUW") if c == "@" else c for c in pattern)
        street = rng.choice(country.get("streets") or self.inputs.names[country["locale"]]["street"])
        number = rng.randint(1, 240)
        if country["iso"] == "JP":
            whole = f"〒{post} {region}{city}{street}{number % 9 + 1}-{number % 23 + 1}"
        elif country.get("number_last"):
            whole = f"{street} {number}, {post} {city}"
        else:
            whole = f"{number} {street}, {city} {post}"
        return dict(province=region, city=city, address=whole, postal_code=post)

    def foreign_card(self, rng, country):
        known = self.inputs.foreign_bins.get(country["iso"])
        choice = rng.choice(known) if known else dict(bin=rng.choice(["4", "51", "53"]), bank_name="")
        length = 15 if choice["bin"].startswith("3") else 16
        return dict(bank_name=choice["bank_name"], card_type=rng.choice(["debit", "debit", "credit"]),
                    bank_card=self.card(rng, choice["bin"], length))

    def habits(self, rng, person, chinese):
        def either(zh, en):
            return zh[0] if chinese else en[0]

        def pick(zh, en, weights):
            return rng.choices(zh if chinese else en, weights)[0]

        age = person["age"]
        if age >= 63:
            occupation = either(["退休"], ["retired"])
        elif age <= 22:
            occupation = either(["学生"], ["student"])
        else:
            occupation = pick(["工人", "管理人员", "技术人员", "服务业", "行政人员", "自由职业", "企业主"],
                              ["blue-collar", "management", "technician", "services", "admin.", "self-employed", "entrepreneur"],
                              [20, 18, 18, 14, 14, 10, 6])
        single = 0.85 if age < 26 else 0.2 if age < 40 else 0.08
        registered = datetime.datetime(2016, 1, 1) + datetime.timedelta(seconds=rng.randrange(3250 * 86400))
        interests = rng.sample(words.INTERESTS["zh" if chinese else "en"], rng.randrange(4))
        return dict(
            card_expiry=f"{rng.randint(1, 12):02}/{rng.randint(27, 33)}", occupation=occupation,
            marital_status=pick(["未婚", "已婚", "离异"], ["single", "married", "divorced"], [single, 0.9 - single, 0.1]),
            education=pick(["小学", "中学", "大学"], ["primary", "secondary", "tertiary"], [10, 45, 45]),
            preferred_channel=pick(["wechat", "sms", "app", "phone", "email"], ["email", "sms", "app", "phone", "post"],
                                   [40, 25, 15, 10, 10]),
            contact_window=rng.choice(["09:00-12:00", "12:00-14:00", "14:00-18:00", "18:00-21:00", "any"]),
            interests="|".join(interests),
            payment_preference=pick(["微信支付", "支付宝", "信用卡", "银行转账"],
                                    ["Credit card (automatic)", "Bank transfer (automatic)", "Electronic check", "Mailed check"],
                                    [40, 30, 15, 15]),
            contract=pick(["按月", "一年", "两年"], ["Month-to-month", "One year", "Two year"], [55, 25, 20]),
            paperless="Y" if rng.random() < 0.6 else "N", marketing_opt_in="Y" if rng.random() < 0.42 else "N",
            registered_at=registered.strftime("%Y-%m-%dT%H:%M:%SZ"),
            source_system=rng.choice(["web", "app", "store", "call-centre", "partner"]))


# Sales and feedback


class Sales:
    """Deals real invoices out to customers; no invoice goes to two of them."""

    def __init__(self, invoices, seed):
        self.piles = {}
        for country, pile in invoices.items():
            self.piles[country] = list(pile)
            random.Random(f"{seed}/invoices/{country}").shuffle(self.piles[country])
        self.orders = 0
        self.lines = 0

    def sold_to(self, customer, rng, wanted):
        """`wanted` lines in the order of their time; the customer's own country first, then the shop's."""
        pile_name = next((c.get("sold_as", c["name"]) for c in words.COUNTRIES if c["name"] == customer["country"]), "")
        orders, missing = [], wanted
        while missing > 0:
            pile = self.piles.get(pile_name) or self.piles["United Kingdom"]
            orders.append(pile.pop()[: min(missing, rng.randint(1, 6))])
            missing -= len(orders[-1])
        orders.sort(key=lambda lines: lines[0]["InvoiceDate"])
        return [row for lines in orders for row in self.order(customer, rng, lines)]

    def order(self, customer, rng, lines):
        self.orders += 1
        channel = rng.choices(["web", "app", "store", "call-centre"], [40, 30, 25, 5])[0]
        method = rng.choices(["card", "wallet", "transfer", "cash"], [50, 30, 12, 8 if channel == "store" else 0])[0]
        for number, line in enumerate(lines, start=1):
            self.lines += 1
            when = datetime.datetime.fromisoformat(line["InvoiceDate"]) + SALES_SHIFT
            yield dict(
                transaction_id=f"T{self.lines:06}", customer_key=customer["customer_key"], order_no=f"O{self.orders:06}",
                line_no=number, channel=channel, payment_method=method,
                card_last4=customer["bank_card"][-4:] if method == "card" else "", source_invoice=line["InvoiceNo"],
                stock_code=line["StockCode"], description=" ".join(line["Description"].split()), quantity=line["Quantity"],
                unit_price=line["UnitPrice"], amount=f"{int(line['Quantity']) * float(line['UnitPrice']):.2f}", currency="GBP",
                ordered_at=when.strftime("%Y-%m-%dT%H:%M:%SZ"), sale_country=line["Country"])


class Feedback:
    def __init__(self, reviews, seed):
        self.reviews = list(reviews)
        random.Random(f"{seed}/reviews").shuffle(self.reviews)
        self.count = 0

    def from_customer(self, customer, rng, sales):
        self.count += 1
        after = datetime.datetime.strptime(sales[-1]["ordered_at"], "%Y-%m-%dT%H:%M:%SZ") if sales else datetime.datetime(2025, 3, 1)
        when = after + datetime.timedelta(seconds=rng.randrange(86400, 30 * 86400))
        said = self.chinese(rng) if customer["language"] == "zh-CN" else self.english()
        tone = "negative" if said["rating"] <= 2 else "neutral" if said["rating"] == 3 else "positive"
        return dict(said, feedback_id=f"F{self.count:06}", customer_key=customer["customer_key"],
                    created_at=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    channel=rng.choice(["web", "app", "store", "call-centre"]), sentiment=tone)

    def english(self):
        review = self.reviews.pop()
        return dict(language="en", category=review["Class Name"] or "General", rating=int(review["Rating"]),
                    title=" ".join(review["Title"].split()), content=review["text"], source="womens_clothing",
                    source_row=review["number"])

    def chinese(self, rng):
        category = rng.choice(list(words.FEEDBACK_ZH))
        good, bad = words.FEEDBACK_ZH[category]
        tone = rng.choices(["good", "bad", "neutral"], [55, 33, 12])[0]
        if tone == "neutral":
            title, text = rng.choice(words.NEUTRAL_ZH)
            rating, body, closing = 3, text, ""
        else:
            said = rng.sample(good if tone == "good" else bad, 2 if rng.random() < 0.35 else 1)
            title, body = said[0][0], "".join(text for _, text in said)
            rating = rng.choice([4, 5, 5]) if tone == "good" else rng.choice([1, 2, 2])
            closing = rng.choice(words.CLOSINGS_GOOD if tone == "good" else words.CLOSINGS_BAD)
        return dict(language="zh", category=category, rating=rating, title=title if rng.random() < 0.7 else "",
                    content=rng.choice(words.OPENINGS) + body + closing, source="written", source_row="")


# Output


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{path}: {len(rows)} rows, {path.stat().st_size / 1e6:.2f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=pathlib.Path, required=True, help="folder with the input tables")
    parser.add_argument("--count", type=int, default=3000, help="number of customers (default 3000)")
    parser.add_argument("--seed", default="7", help="any text; the same seed gives the same bytes (default 7)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "samples")
    options = parser.parse_args()

    inputs = Inputs(options.inputs)
    customers = Customers(inputs, options.seed)
    sales = Sales(inputs.invoices, options.seed)
    feedback = Feedback(inputs.reviews, options.seed)
    customer_rows, sale_rows, feedback_rows = [], [], []
    for number in range(1, options.count + 1):
        customer = customers.make(number)
        rng = random.Random(f"{options.seed}/{number}/dealings")
        is_caller = number == 1
        # Few customers buy much and many buy little.
        wanted = 6 if is_caller else min(40, round(rng.expovariate(1 / LINES_PER_CUSTOMER)))
        bought = sales.sold_to(customer, rng, wanted)
        customer_rows.append(customer)
        sale_rows += bought
        if is_caller or rng.random() < FEEDBACK_PER_CUSTOMER:
            feedback_rows.append(feedback.from_customer(customer, rng, bought))
    options.out.mkdir(parents=True, exist_ok=True)
    write(options.out / "customers.csv", CUSTOMER_COLUMNS, customer_rows)
    write(options.out / "transactions.csv", TRANSACTION_COLUMNS, sale_rows)
    write(options.out / "feedback.csv", FEEDBACK_COLUMNS, feedback_rows)


if __name__ == "__main__":
    main()
