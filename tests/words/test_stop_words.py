"""The language of a corpus, and the words that say nothing in it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from shell import dsltm

from dsltm.errors import UsageError
from dsltm.words.config import WordConfig
from dsltm.words.language import Sample, languages, thinned
from dsltm.words.stopwords import StopWords

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {
    "en": ["The cat sat on the mat and looked at the birds outside", "How do I sort a list in Python?"],
    "de": ["Der Hund bellt in der Nacht und die Katze schläft", "Die Regierung senkt gestern die Steuern"],
    "es": ["El gobierno anunció ayer una bajada de los impuestos", "Los perros ladran por la noche"],
    "zh": ["中国男足在世界杯预选赛中输给了日本队", "这家餐厅的服务态度很差"],
    "ja": ["彼女は図書館で本を読んでいます", "東京オリンピックの開会式が放送された"],
    "ar": ["أعلنت الحكومة أمس خفض الضرائب", "ذهب الأطفال إلى المدرسة في الصباح"],
    "hi": ["सरकार ने कल करों में कटौती की घोषणा की", "बच्चे सुबह स्कूल गए"],
    "th": ["รัฐบาลประกาศลดภาษีเมื่อวานนี้", "นักเรียนอ่านหนังสือในห้องสมุด"],
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_of_texts(language: str) -> None:
    assert languages(TEXTS[language]) == [language]


def test_a_corpus_may_have_several_languages() -> None:
    mixed = TEXTS["en"] * 6 + TEXTS["de"] * 3 + TEXTS["th"]
    assert languages(mixed) == ["en", "de", "th"]
    assert languages(mixed + TEXTS["en"] * 25) == ["en", "de"]  # a fortieth is Thai


@pytest.mark.parametrize(
    "texts", [[], ["ok"] * 50, ["", " "], ["https://example.com/der/hund/und/die/katze"] * 9]
)
def test_texts_without_words_have_no_language(texts: list[str]) -> None:
    assert languages(texts) == []


@pytest.mark.parametrize("count", [0, 1, 256, 511, 512, 513, 5000])
def test_a_sample_is_spread_evenly(count: int) -> None:
    sample = Sample()
    for number in range(count):
        sample.add(str(number))
    numbers = [int(text) for text in sample.texts]
    assert len(numbers) == count if count < 512 else 256 <= len(numbers) < 512
    assert len({b - a for a, b in pairwise(numbers)}) <= 1
    assert not numbers or count - numbers[-1] <= max(1, count // 256)
    assert len(thinned(sample.texts)) <= 256


def test_stop_word_lists(tmp_path: Path) -> None:
    assert {"the", "don", "don't"} <= StopWords.parse("en").listed
    assert {"the", "und"} <= StopWords.parse("en, DE").listed
    assert StopWords.parse("none") == StopWords()
    (tmp_path / "list").write_text("Foo\nbar-baz\n", encoding="utf-8")
    assert StopWords.parse(str(tmp_path / "list")).listed == {"foo", "bar-baz", "bar", "baz"}
    with pytest.raises(UsageError, match=r"no stop words for 'english', try a file, none, auto, or .* en"):
        StopWords.parse("english")
    with pytest.raises(UsageError, match="no stop words for ''"):
        StopWords.parse("en,")


def test_a_list_is_added_to_that_of_a_language(tmp_path: Path) -> None:
    (tmp_path / "a,b").write_text("spam\n", encoding="utf-8")
    (tmp_path / "more").write_text("eggs\n", encoding="utf-8")
    english = StopWords.parse("en").listed
    assert StopWords.parse(f"en,{tmp_path / 'more'}").listed == english | {"eggs"}
    assert StopWords.parse(str(tmp_path / "a,b")).listed == {"spam"}
    added = StopWords.parse(f"auto,{tmp_path / 'more'}")
    assert added.of(["en"]) == english | {"eggs"}
    assert added.of(["de", "en"]) > english | {"eggs", "und"}
    assert added.of(["is"]) == {"eggs"}  # nothing is known of Icelandic
    assert StopWords.parse("en").of(["de"]) == english


def test_codes_of_countries_are_no_stop_words_where_they_are_words() -> None:
    english = StopWords.parse("en").listed
    assert not english & {"ai", "tv", "uk", "qt", "os"}
    assert english >= {"am", "by", "is", "it", "of", "re", "ve"}
    assert StopWords.parse("de,en").listed >= english


def test_what_the_options_come_to() -> None:
    german = WordConfig().rules().of(TEXTS["de"])
    assert german.language == "de"
    assert german.stopwords == StopWords.parse("de").listed
    unknown = WordConfig().rules().of(["ok"])
    assert (unknown.language, unknown.stopwords) == ("en", StopWords.parse("en").listed)
    named = WordConfig("fr,de", "auto").rules().of(TEXTS["en"])
    assert named.language == "fr"
    assert named.stopwords == StopWords.parse("fr,de").listed
    assert WordConfig("de", "none").rules().of(TEXTS["en"]).stopwords == frozenset()
    with pytest.raises(UsageError, match="--language german: is not known"):
        WordConfig("german").rules()


def test_german_without_an_option(tmp_path: Path) -> None:
    corpus = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS["de"])
    done = dsltm("vocab", "-", stdin=corpus)
    assert done.returncode == 0, done.stderr
    found = {json.loads(line)["word"] for line in done.stdout.splitlines()}
    assert found == {"hund", "bellt", "nacht", "katze", "schläft", "regierung", "senkt", "gestern", "steuern"}
    assert b"language of the texts: de" in done.stderr
    assert b"language" not in dsltm("vocab", "-", stdin=json.dumps({"text": TEXTS["en"][0]})).stderr


def test_a_language_without_a_list_is_said(tmp_path: Path) -> None:
    text = "Ríkisstjórnin tilkynnti í gær að skattar yrðu lækkaðir og börnin fóru í skólann"
    done = dsltm("vocab", "-", stdin=json.dumps({"text": text}))
    assert done.returncode == 0
    assert b"no stop words are known of the language is: --stopwords FILE names some" in done.stderr


@pytest.mark.parametrize(
    ("language", "stopped", "kept"),
    [("ar", ["إذا", "وإذا", "فإذا"], ["وزير", "فرنسا"]), ("he", ["אני", "ואני"], ["ועדה", "שלמה"])],
)
def test_and_before_a_stop_word_is_one(language: str, stopped: list[str], kept: list[str]) -> None:
    words = StopWords.parse(language).of([])
    assert set(stopped) <= words
    assert not set(kept) & words


def test_an_arabic_particle_with_its_pronoun_is_a_stop_word() -> None:
    """ "In them", "upon you", "and I", "so you", "that he", written without a hamza, "because", "O"."""
    words = StopWords.parse("ar").of([])
    assert {"فيهم", "عليكم", "معه", "وإني", "فإنك", "انه", "لأن", "يا"} <= words
    # Ali, meaning, sons, grammarian, the earth, his house
    assert not {"علي", "معنى", "معني", "بني", "نحوي", "الأرض", "بيته"} & words
