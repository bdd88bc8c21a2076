"""The paper's own figures (arXiv 2602.17907), means over K = 25, 50, 75, 100 and five seeds.

C_V is Palmetto's on a whole Wikipedia over 15 words, which cannot be compared with numbers of another run.
I-RBO, purity and precision can. gpt-4o's ratings are left out: nothing here is rated by it.
"""

from __future__ import annotations

CORPORA = ("20NewsGroup", "TweetTopic", "StackOverflow")
COLUMNS = ("C_V", "I-RBO", "purity", "P@5", "P@10")

# Each row has the columns of one corpus after those of another, in this order.
_TABLE = """
LDA: .341 .977 .301 .244 .231 .350 .992 .441 .674 .500 .354 .977 .174 .113 .109
ProdLDA: .351 .992 .356 .346 .334 .355 .994 .533 .767 .619 .352 .991 .265 .242 .231
CombinedTM: .351 .993 .391 .366 .357 .360 .988 .588 .744 .637 .364 .986 .306 .260 .251
ZeroshotTM: .354 .994 .397 .384 .373 .356 .994 .573 .776 .647 .363 .993 .307 .280 .268
ETM: .344 .934 .360 .312 .305 .351 .936 .552 .786 .637 .348 .934 .151 .135 .125
BERTopic: .360 .992 .352 .413 .402 .364 .996 .562 .546 .519 .374 .996 .202 .306 .296
ECRTM: .360 .999 .364 .341 .329 .356 1.000 .399 .712 .530 .373 1.000 .062 .114 .101
FASTopic: .358 .999 .416 .421 .406 .276 .626 .557 .811 .667 .363 .687 .171 .189 .178
ProdLDA+DSL, ERNIE-4.5-0.3B: .381 .991 .520 .509 .499 .392 .989 .781 .900 .844 .397 .986 .737 .754 .746
ProdLDA+DSL, Qwen3.5-0.8B: .399 .980 .542 .516 .508 .401 .976 .781 .902 .847 .403 .983 .788 .805 .799
ProdLDA+DSL, Llama-3.2-1B: .377 .991 .564 .553 .543 .387 .992 .784 .904 .846 .395 .991 .698 .752 .741
ProdLDA+DSL, Phi-3-mini: .370 .994 .557 .563 .553 .386 .994 .787 .900 .847 .404 .988 .803 .834 .827
ProdLDA+DSL, Llama-3.1-8B: .364 .993 .559 .577 .565 .384 .993 .774 .909 .854 .386 .991 .700 .784 .772
ECRTM+DSL, ERNIE-4.5-0.3B: .404 .985 .521 .559 .542 .398 .983 .767 .924 .859 .410 .988 .742 .799 .789
ECRTM+DSL, Qwen3.5-0.8B: .423 .975 .561 .554 .542 .406 .977 .781 .925 .861 .406 .984 .805 .834 .827
ECRTM+DSL, Llama-3.2-1B: .404 .982 .582 .594 .579 .393 .984 .777 .925 .862 .397 .992 .708 .800 .788
ECRTM+DSL, Phi-3-mini: .375 .989 .536 .624 .603 .383 .987 .778 .933 .877 .404 .988 .793 .867 .860
ECRTM+DSL, Llama-3.1-8B: .388 .987 .561 .634 .614 .386 .985 .764 .935 .877 .393 .991 .720 .842 .829
FASTopic+DSL, ERNIE-4.5-0.3B: .344 1.000 .510 .409 .407 .359 1.000 .702 .616 .611 .384 1.000 .508 .395 .391
FASTopic+DSL, Qwen3.5-0.8B: .347 1.000 .504 .410 .408 .360 1.000 .695 .614 .605 .389 1.000 .537 .421 .418
FASTopic+DSL, Llama-3.2-1B: .337 1.000 .541 .445 .444 .357 1.000 .703 .612 .609 .390 1.000 .530 .409 .406
FASTopic+DSL, Phi-3-mini: .336 1.000 .499 .415 .412 .353 1.000 .705 .626 .616 .395 1.000 .538 .453 .447
FASTopic+DSL, Llama-3.1-8B: .347 1.000 .555 .459 .458 .355 1.000 .708 .627 .622 .395 1.000 .542 .416 .414
"""


def published() -> dict[str, dict[str, dict[str, float]]]:
    """The values of each column by corpus, and these by the name of the row."""
    rows = {}
    for line in _TABLE.strip().splitlines():
        name, _, numbers = line.rpartition(":")
        values = iter(map(float, numbers.split()))
        rows[name.strip()] = {corpus: {column: next(values) for column in COLUMNS} for corpus in CORPORA}
    return rows
