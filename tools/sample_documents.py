"""Identity documents and card numbers with right check digits, for tools/make-samples.py."""

import string


def resident_check(digits17):
    """GB 11643, ISO 7064 MOD 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(digits17, weights)) % 11]


def luhn(body):
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights))


def digits(rng, count):
    return "".join(rng.choice(string.digits) for _ in range(count))


def nino(rng, _):
    first, second = rng.choice("ABCEGHJKLMPRSTWX"), rng.choice("ABCEGHJKLMPRSTWX")
    if first + second in ("BG", "GB", "KN", "TN", "NT", "ZZ"):
        return nino(rng, _)
    return first + second + digits(rng, 6) + rng.choice("ABCD")


def steuer_id(rng, _):
    """Ten digits of which exactly one occurs twice and the first is not 0, then ISO 7064 MOD 11,10."""
    chosen = rng.sample(string.digits, 9)
    chosen.append(chosen[rng.randrange(9)])
    rng.shuffle(chosen)
    if chosen[0] == "0":
        return steuer_id(rng, _)
    product = 10
    for digit in chosen:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return "".join(chosen) + str((11 - product) % 10)


def nir(rng, person):
    born = person["born"]
    body = (f"{1 if person['male'] else 2}{born:%y%m}{rng.choice(('13', '31', '33', '44', '59', '69', '75'))}"
            f"{rng.randint(1, 560):03}{rng.randint(1, 400):03}")
    return body + f"{97 - int(body) % 97:02}"


def ppsn(rng, _):
    body = digits(rng, 7)
    return body + "WABCDEFGHIJKLMNOPQRSTUV"[weighted(body, range(8, 1, -1)) % 23]


def dni(rng, _):
    body = digits(rng, 8)
    return body + "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23]


def bsn(rng, _):
    body = rng.choice("123456789") + digits(rng, 7)
    check = weighted(body, range(9, 1, -1)) % 11
    return bsn(rng, _) if check == 10 else body + str(check)


def personnummer(rng, person):
    serial = rng.randrange(0, 1000, 2) + (1 if person["male"] else 0)
    body = f"{person['born']:%y%m%d}{serial:03}"
    return f"{person['born']:%Y%m%d}-{serial:03}{luhn(body)}"


def pesel(rng, person):
    born = person["born"]
    month = born.month + (20 if born.year >= 2000 else 0)
    body = f"{born:%y}{month:02}{born:%d}{digits(rng, 3)}{rng.randrange(0, 10, 2) + (1 if person['male'] else 0)}"
    return body + str(-weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def my_number(rng, _):
    body = digits(rng, 11)
    rest = weighted(reversed(body), (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return body + str(0 if rest <= 1 else 11 - rest)


def ssn(rng, _):
    area = rng.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"


def sin(rng, _):
    body = rng.choice("1245679") + digits(rng, 7)
    whole = body + luhn(body)
    return f"{whole[:3]} {whole[3:6]} {whole[6:]}"


def cpf(rng, _):
    body = digits(rng, 9)
    for start in (10, 11):
        rest = 11 - weighted(body, range(start, 1, -1)) % 11
        body += str(0 if rest > 9 else rest)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def hong_kong_id(rng, _):
    letter, body = rng.choice("ABCDEGHKMPRSVYZ"), digits(rng, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + weighted(body, range(7, 1, -1))
    return f"{letter}{body}({'0123456789A'[-total % 11]})"


def taiwan_id(rng, person):
    letter = rng.choice("ABCDEFHJ")
    value = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter) + 10
    body = ("1" if person["male"] else "2") + digits(rng, 7)
    return letter + body + str(-(value // 10 + value % 10 * 9 + weighted(body, range(8, 0, -1))) % 10)


DOCUMENTS = {
    "GB": ("GB_NINO", nino), "DE": ("DE_STEUERID", steuer_id), "FR": ("FR_NIR", nir), "IE": ("IE_PPSN", ppsn),
    "ES": ("ES_DNI", dni), "NL": ("NL_BSN", bsn), "SE": ("SE_PNR", personnummer), "PL": ("PL_PESEL", pesel),
    "JP": ("JP_MYNUMBER", my_number), "US": ("US_SSN", ssn), "CA": ("CA_SIN", sin), "BR": ("BR_CPF", cpf),
}
