from __future__ import annotations

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import addresses


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("olena@zerno.example", "olena@zerno.example"),
        ("Olena.K@Zerno.EXAMPLE", "Olena.K@zerno.example"),
        ("o'brien+tea@mail.example.com", "o'brien+tea@mail.example.com"),
        ("a_b%c@d-e.co", "a_b%c@d-e.co"),
        ("ivan@пошта.укр", "ivan@xn--80a1acn3a.xn--j1amh"),
        ("ivan@xn--80a1acn3a.xn--j1amh", "ivan@xn--80a1acn3a.xn--j1amh"),
    ],
)
def test_a_good_address_keeps_its_local_part_and_gets_its_domain_in_small_ascii_letters(written, kept):
    assert addresses.email(written) == kept


@pytest.mark.parametrize(
    "broken",
    [
        "c00025(at)inbox.example",
        "olena",
        "olena@",
        "@zerno.example",
        "olena@zerno",
        "olena@@zerno.example",
        "olena@zerno..example",
        "olena@zerno.example.",
        ".olena@zerno.example",
        "olena.@zerno.example",
        "ole na@zerno.example",
        "olena@-zerno.example",
        "olena@ze--rno.example",
        "olena@192.168.0.1",
        "olena@localhost",
        "olena@shop.local",
        "olena@shop.TEST",
        "олена@zerno.example",
        "olena@zerno.example, ivan@zerno.example",
        "Olena <olena@zerno.example>",
        "olena@zerno.example\r\nBcc: all@zerno.example",
        f"{'a' * 65}@zerno.example",
        f"a@{'b' * 250}.example",
    ],
)
def test_a_broken_address_is_told(broken):
    assert addresses.email(broken) is None


def careful(text: str) -> str | None:
    try:
        return email_validator.validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True).ascii_email
    except email_validator.EmailNotValidError:
        return None


LOCAL = st.text("aZ1._%+-'", min_size=1, max_size=66)
DOMAIN = st.text("aZ1.-", min_size=1, max_size=30).flatmap(lambda text: st.sampled_from([text, f"{text}.example", f"{text}.test", f"{text}.co"]))


@given(LOCAL, DOMAIN)
def test_the_quick_way_says_what_the_careful_library_says(local, domain):
    assert addresses.email(f"{local}@{domain}") == careful(f"{local}@{domain}")


@pytest.mark.parametrize(
    ("written", "kept"), [("5551234", "5551234"), ("-1001234", "-1001234"), ("@olena", None), ("+380441234567", None), ("0", None), ("9" * 17, None)]
)
def test_a_chat_is_known_by_its_number(written, kept):
    assert addresses.chat_id(written) == kept
