"""Forms of one word are known as such."""

from __future__ import annotations

import pytest

from dsltm.words.forms import LANGUAGES, Forms, stems


def test_inflected_forms_have_one_stem() -> None:
    assert len(set(stems(["await", "awaits", "awaited", "awaiting"]))) == 1
    assert len(set(stems(["spring", "string", "strings"]))) == 2


def test_of_a_phrase_each_part_is_stemmed() -> None:
    assert stems(["unit tests"]) == stems(["units test"])


def test_a_language_without_a_stemmer_leaves_words_alone() -> None:
    assert stems(["猫", "cats"], "zh") == ["猫", "cats"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_listed_language_has_a_stemmer(language: str) -> None:
    assert len(stems(["word"], language)) == 1


def test_a_word_that_is_not_there_is_found_by_its_forms() -> None:
    forms = Forms(["refunds", "refunded", "spring", "string"], "en")
    assert forms.of("refund") == [0, 1]
    assert forms.of("refunds") == [0]
    assert forms.of("strings") == [3]
    assert forms.of("quagga") == []
    assert Forms(["猫", "cats"], "zh").of("cat") == []
