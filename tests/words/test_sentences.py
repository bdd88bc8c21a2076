"""Where sentences and windows of a text begin and end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dsltm.words.sentences import sentences, windows


def _texts(text: str, spans: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_sentences_of_a_text() -> None:
    text = "Mr. Smith asked: why? Nobody knew.  A line\nis no sentence.\n\nA title\n\n***\n\n😀 The end."
    assert _texts(text, sentences(text, "en", 1000)) == [
        "Mr. Smith asked: why?",
        "Nobody knew.",
        "A line\nis no sentence.",
        "A title",
        "😀 The end.",
    ]


def test_lines_of_a_mail_end_no_sentence() -> None:
    text = "This is\r\nwrapped.\r\n\r\nThis is another."
    assert _texts(text, sentences(text, "en", 1000)) == ["This is\r\nwrapped.", "This is another."]


def test_sentences_of_another_script() -> None:
    text = "これは文です。次の文。"
    assert _texts(text, sentences(text, "ja", 1000)) == ["これは文です。", "次の文。"]


def test_a_long_sentence_is_cut_at_a_space() -> None:
    text = "one two three four five"
    assert _texts(text, sentences(text, "en", 9)) == ["one two", "three", "four five"]
    assert _texts("x" * 7, sentences("x" * 7, "en", 3)) == ["xxx", "xxx", "x"]


def test_windows_are_about_equally_long() -> None:
    text = " ".join(f"Sentence number {n}." for n in range(10))
    lengths = [end - start for start, end in windows(text, "en", 100)]
    assert len(lengths) == 2
    assert max(lengths) <= 100
    assert max(lengths) - min(lengths) <= 25


@given(st.text(), st.integers(1, 40))
def test_parts_have_all_letters_in_order_and_none_is_too_long(text: str, most: int) -> None:
    for divide in (sentences, windows):
        spans = divide(text, "en", most)
        assert all(0 <= start < end <= len(text) and end - start <= most for start, end in spans)
        assert spans == sorted(spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        letters = "".join(c for c in text if c.isalnum())
        assert "".join(c for s, e in spans for c in text[s:e] if c.isalnum()) == letters
