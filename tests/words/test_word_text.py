"""What is a word of a text, in any script, and what only looks like one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsltm.words.text import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The CAT sat, on 3 mats.", ["the", "cat", "sat", "on", "mats"]),
        ("utf8 x86_64 2nd 1999 3rdparty ¹abc ½cup mp3", ["utf8", "x86", "mp3"]),
        ("don't re-read under_score", ["don", "re", "read", "under", "score"]),
        ("Ärger ЖУРНАЛ ünïcödé", ["ärger", "журнал", "ünïcödé"]),
        ("cafe\u0301s", ["cafés"]),
        ("हिन्दी की किताबें", ["हिन्दी", "किताबें"]),
        ("日本語", ["日本語"]),
        ("İstanbul", ["i\u0307stanbul"]),
        ("A UK AI, Qt4 in C++ or C#, c++11, 2C i", ["uk", "ai", "qt4", "in", "c++", "or", "c#", "c++"]),
        ("C# in Köln", ["c#", "in", "köln"]),
        ("", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # Marks belong to their letters, and a word of two syllables is a word.
        ("घर में पानी", ["घर", "में", "पानी"]),
        # The same words as without signs for their vowels.
        ("اللُّغَةُ العَرَبِيَّةُ مِنْ أجمـــل", ["اللغة", "العربية", "من", "أجمل"]),
        ("שָׁלוֹם עולם", ["שלום", "עולם"]),
        ("می\u200cخواهم کتاب بخرم", ["می\u200cخواهم", "کتاب", "بخرم"]),
        ("음악 듣기", ["음악", "듣기"]),
        # Where there are no spaces, dictionaries find the words.
        ("我喜欢在周末去公园跑步。", ["喜欢", "周末", "公园", "跑步"]),
        ("内核模块编译错误", ["内核模块", "编译", "错误"]),
        ("Linux内核，看https://t.co/abc很好", ["linux", "内核", "很好"]),
        ("彼女は図書館で本を読んでいます", ["彼女", "図書館"]),
        ("データベースのインデックス", ["データベース", "インデックス"]),
        ("東京大学入学試験", ["東京", "大学", "入学", "試験"]),  # Japanese, though without Kana
        ("นักเรียนอ่านหนังสือในห้องสมุด", ["นักเรียน", "อ่าน", "หนังสือ", "ใน", "ห้อง", "สมุด"]),
    ],
)
def test_words_of_other_scripts(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://github.com/users?a=b&c=d, HTTP://x.y/z and www.example.com/x", ["see", "and"]),
        ("von https://de.wikipedia.org/wiki/Köln weg", ["von", "weg"]),
        ("look at github.com/foo/bar or t.co/abc now", ["look", "at", "or", "now"]),
        ("node.js or asp.net/mvc", ["node", "js", "or", "asp", "net", "mvc"]),
        ("mail jane.doe+x@mail.example.org or @jane_doe", ["mail", "or"]),
        ("#MachineLearning #ai_art", ["machinelearning", "ai", "art"]),
        ("{{USERNAME}} saw {{URL}} via {@Tennessee Titans@}", ["saw", "via", "tennessee", "titans"]),
        ("<user> posted <url>, a List<String> in a <div>", ["posted", "list", "string", "in", "div"]),
        (
            "/usr/share/doc and C:\\Users\\me\\x, but he/she/it, TCP/IP",
            ["and", "but", "he", "she", "it", "tcp", "ip"],
        ),
        ("R&amp;D &nbsp; AT&T research", ["at", "research"]),
        ("before ```python\nimport users\n``` after", ["before", "after"]),
        ("a <code class='x'>int users = 3;</code> of <pre>more code", ["of"]),
    ],
)
def test_addresses_paths_and_code_have_no_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_words_are_what_they_are_said_to_be(text: str) -> None:
    for word in words(text):
        letters = [c for c in word if not unicodedata.category(c).startswith("M")]
        assert len(word) >= 3 or len(letters) == 2
        assert word == word.lower()
        assert unicodedata.category(word[0]).startswith("L") or word[0].isalpha()
        assert not any(character.isspace() for character in word)


@given(st.text(st.sampled_from("ab1 _.,/@:\\<{&+#")))
def test_ascii_is_read_as_other_texts_are(text: str) -> None:
    assert words(text) == words(f"{text} Ж")
