"""What a mistyped e-mail domain was likely meant to be: gmail.con is gmail.com. Pure; nothing is looked up in the network.

Only slips of the finger on domains that many people have are told: a shop's own domain is nobody's typing mistake. In doubt an
address is left in peace, since a real one called mistyped loses a customer, and a mistyped one bounces once.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

PROVIDERS = {
    "gmail": "com",
    "googlemail": "com",
    "icloud": "com",
    "bigmir": "net",
    "ukr": "net",
    "i": "ua",
    "meta": "ua",
    "umail": "uz",
    "mail": "ru ua com md mn by kz",
    "yandex": "ru ua com by kz uz",
    "rambler": "ru ua",
    "inbox": "ru lv com",
    "internet": "ru",
    "list": "ru",
    "bk": "ru",
    "ya": "ru",
    "hotmail": "com",
    "outlook": "com",
    "live": "com",
    "yahoo": "com ro",
    "protonmail": "com",
    "gmx": "net de com",
    "aol": "com",
}
"""Where mailboxes of our countries are: the provider's name and its endings, the commonest first."""

_ALONE = {"gmail", "googlemail", "icloud", "bigmir"}
"""Names under which mail is to be had with one ending only: gmail.ru, gmail.com.ua and gmail.co are all meant to be gmail.com."""

_REAL = {
    *("gail.com", "grail.com", "gomail.com", "hostmail.com", "uzmail.uz", "ramblers.ru", "meat.ua", "mali.ru", "mali.com", "mali.ua"),
    *("ibox.ru", "ibox.com", "imbox.ru", "infox.ru", "infox.com", "sol.com"),
}
"""Neighbours of the providers that exist, and that the rules below would take for slips."""

_SLIPS = {
    "i.au": "i.ua",
    "meil.ru": "mail.ru",
    "otmail.com": "hotmail.com",
    "utlook.com": "outlook.com",
    "icould.com": "icloud.com",
    "andex.ru": "yandex.ru",
    "jandex.ru": "yandex.ru",
    "yandeks.ru": "yandex.ru",
    "jahoo.com": "yahoo.com",
}
"""Slips that are further away than one letter, or begin with a wrong one."""

_COUNTRIES = frozenset(
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co "
    "cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn "
    "hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm "
    "mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn "
    "vu wf ws ye yt za zm zw".split()
)
"""Endings of countries (IANA's root zone, 2026): no other ending of two letters exists."""

_LONGER = frozenset("bom cam mom bet nec new next ntt pet vet pru run med msd man men mtn pro rio buy ifm moe wme dev ong".split())
"""Longer endings that exist and are one letter away from a provider's (IANA's root zone, 2026)."""

_NO_ENDINGS = {
    **dict.fromkeys(["con", "cmo", "ocm", "vom", "xom", "cpm", "comm", "coom", "cim"], "com"),
    **dict.fromkeys(["ner", "nte", "ent", "nrt"], "net"),
}
"""Endings that don't exist, and leave no doubt whatever stands before them."""

_HALF_COM = {"co", "cm", "om"}
"""Countries' endings that people get who mean com, on names that have com first."""

_SAME_LOOK = str.maketrans("асеіјорѕухһԁԛԝмтк", "aceijopsyxhdqwmtk")


def meant(address: str, real: Collection[str] = ()) -> str:
    """The address that was likely meant; empty when nothing speaks against this one, or its domain is among the `real` ones.

    `address` is as the store keeps it, its domain in small ASCII letters.
    """
    local, at, domain = address.rpartition("@")
    found = domain_meant(domain)
    return f"{local}{at}{found}" if found and domain not in real else ""


@lru_cache(maxsize=200_000)
def domain_meant(domain: str) -> str:
    """The domain that was likely meant; empty when nothing speaks against this one."""
    if domain in _REAL or _is_known(domain):
        return ""
    if "xn--" in domain:
        plain = _with_latin_letters(domain)
        return "" if "xn--" in plain else plain if _is_known(plain) else domain_meant(plain)
    if domain in _SLIPS:
        return _SLIPS[domain]
    name, _, ending = domain.partition(".")
    if name in _ALONE:
        return f"{name}.{PROVIDERS[name]}"
    for provider, endings in PROVIDERS.items():
        if name == provider or _is_slip(name, provider):
            right = _ending_meant(ending, endings.split())
            if right and (name != provider or right != ending):
                return f"{provider}.{right}"
    rest, _, last = domain.rpartition(".")
    return f"{rest}.{_NO_ENDINGS[last]}" if last in _NO_ENDINGS else ""


def _is_known(domain: str) -> bool:
    name, _, ending = domain.partition(".")
    return ending in PROVIDERS.get(name, "").split()


def _ending_meant(ending: str, own: list[str]) -> str:
    """The provider's ending that stands here or was meant; empty when it is another one that exists."""
    if ending in own:
        return ending
    if ending in _HALF_COM and own[0] == "com":
        return "com"
    if ending in _COUNTRIES or ending in _LONGER or "." in ending:
        return ""
    return next((right for right in own if _is_one_off(ending, right)), "")


def _is_slip(name: str, provider: str) -> bool:
    """Whether one slip of the finger makes `name` of the provider's.

    The first letter is hardly ever wrong, and email, ymail and hmail are providers of their own. Short names have too many real
    neighbours (mai.ru, mil.ru, vk.ru): only a letter doubled, or two in the wrong order, is a slip there.
    """
    if len(provider) < 3 or not _is_one_off(name, provider):
        return False
    if len(provider) >= 5:
        return name[0] == provider[0] or name[:2] == provider[1::-1]
    return _has_doubled(name, provider) or (len(name) == len(provider) and sorted(name) == sorted(provider) and name[0] == provider[0])


def _is_one_off(written: str, right: str) -> bool:
    """Whether one letter is missing, added or another, or two neighbours are swapped (Damerau 1964: four slips of five)."""
    if written == right or abs(len(written) - len(right)) > 1:
        return False
    first = next((at for at, pair in enumerate(zip(written, right, strict=False)) if pair[0] != pair[1]), min(len(written), len(right)))
    ours, theirs = written[first:], right[first:]
    return ours[1:] == theirs[1:] or ours[1:] == theirs or ours == theirs[1:] or (ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:])


def _has_doubled(name: str, provider: str) -> bool:
    return any(name == provider[:at] + provider[at - 1] + provider[at:] for at in range(1, len(provider) + 1))


def _with_latin_letters(domain: str) -> str:
    """A domain with Cyrillic letters that look like Latin ones (gmаil.com with a Cyrillic а), made Latin; others stay punycode."""
    try:
        return domain.encode().decode("idna").translate(_SAME_LOOK).encode("idna").decode()
    except UnicodeError:
        return domain
