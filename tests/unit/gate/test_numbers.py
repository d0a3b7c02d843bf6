"""
Identity numbers, bank accounts and cards, row by row. The numbers are the ones that registries, schemes and libraries
print as examples, or are made up from their rules; nobody has them.
"""

from __future__ import annotations

import pytest

from listener.gate import Masked, mask

MASKED = [
    # SIN and BSN: three threes, four-two-three, or in one; beside other digits only beside a word for them.
    ("my SIN is 123-456-782, ok", "my SIN is ‹#›, ok"),
    ("123 456 782", "‹#›"),
    ("they asked for 123456782 again", "they asked for ‹#› again"),
    ("SIN #123.456.782", "SIN #‹#›"),
    ("NAS : 123 456 782 2026", "NAS : ‹#› 2026"),
    ("1112.22.333", "‹#›"),
    ("1112-22-333", "‹#›"),
    ("mijn BSN is 11122233", "mijn BSN is 11122233"),
    ("mijn BSN is 10000008", "mijn BSN is ‹#›"),
    ("111.222.333, burgerservicenummer", "‹#›, burgerservicenummer"),
    # NIR
    ("2 95 10 99 126 111 93", "‹#›"),
    ("295109912611193", "‹#›"),
    ("n° 2951099126111-93.", "n° ‹#›."),
    ("né(e) 2 53 07 2B 073 004 70 à Bastia", "né(e) ‹#› à Bastia"),
    ("253072a07300443", "‹#›"),
    # DNI and NIE
    ("54362315K", "‹#›"),
    ("DNI 54.362.315-k", "DNI ‹#›"),
    ("54362315 K", "‹#›"),
    ("mi NIE: X-2482300-W", "mi NIE: ‹#›"),
    ("x2482300w", "‹#›"),
    # IBAN
    ("IBAN GB29 NWBK 6016 1331 9268 19 thanks", "IBAN ‹#› thanks"),
    ("gb29nwbk60161331926819", "‹#›"),
    ("DE89-3704-0044-0532-0130-00", "‹#›"),
    ("MT84 MALT 0110 0001 2345 MTLC AST0 01S.", "‹#›."),
    ("口座GB29NWBK60161331926819です", "口座‹#›です"),
    # Cards
    ("4111 1111 1111 1111", "‹#›"),
    ("4111-1111-1111-1111, 5555555555554444", "‹#›, ‹#›"),
    ("3782 822463 10005 is mine", "‹#› is mine"),
    ("3056 930902 5904", "‹#›"),
    ("4111 1111 1111 1111 12/27", "‹#› 12/27"),
    ("card: 4111 1111 1111 1111 123", "card: ‹#› 123"),
    ("カード番号6011111111111117です", "カード番号‹#›です"),
    ("maestro 6759649826438453 07", "maestro ‹#› 07"),
    # Other digits, other widths, nothing seen in between
    ("４１１１ １１１１ １１１１ １１１１", "‹#›"),
    ("٤١١١ ١١١١ ١١١١ ١١١١", "‹#›"),
    ("4111\u200b1111\u00a01111–1111 1111", "4111\u200b1111\u00a01111–1111 1111"),
    ("4111\u00a01111\u20111111 11\u200b11", "‹#›"),
]  # fmt: skip

SPARED = [
    "123-456-789 and 123456789",  # no check digit fits
    "123 456 782 123",
    "1 123 456 782",
    "$123 456 782, 123 456 782 € and 123 456 782 zł",
    "123.456.782 inwoners",
    "doi:10.1016/j.foodchem.1112.22.333",
    "2 95 15 99 126 111 93",  # no month
    "54362315L and X2482300X",
    "SKU54362315K",
    "GB30 NWBK 6016 1331 9268 19",
    "GB29 NWBK 6016 1331 9268 1",
    "ZZ29 NWBK 6016 1331 9268 19",
    "4111 1111 1111 1112",
    "9111 1111 1111 1111",
    "4111 1111 1111 1111 2222",
    "+4111 1111 1111 1111",
    "0.4111111111111111",
    "id_4111111111111111",
    "business 123 456 782 7",
    "DE02 4057 1544 3681 0096 60",  # what is in it would pass as a card
    "550e8400-e29b-41d4-a716-446655440000",
    "‹#›",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_numbers_of_people_are_masked(text: str, expected: str) -> None:
    """
    A number whose check digits are right goes whole where it is grouped as people write it; so do several.
    """
    masked = mask(text, author=None, own_handles=frozenset(), country="GB")

    marks = expected.count("‹#›")
    assert (masked.text, dict(masked.counts)) == (expected, {"number": marks} if marks else {})


@pytest.mark.parametrize("text", SPARED)
def test_numbers_that_are_nobodys_stay(text: str) -> None:
    """
    Wrong check digits, amounts, names of articles and parts of something longer come back as they were.
    """
    assert mask(text, author=None, own_handles=frozenset(), country="GB") == Masked(text)
