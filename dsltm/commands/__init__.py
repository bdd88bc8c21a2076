"""The subcommands, a file each: options in, one call, one writer. No mathematics, no torch at import.

A new command is a line in `COMMANDS` and a file `dsltm/commands/NAME.py` with a function `command`: its
parameters are the options, its docstring the help below the line here. READS and WRITES in that file name the
kinds of files, sections of `manual/formats.md`; the manual and the completions follow.
"""

COMMANDS = {
    "vocab": "Count the words of a corpus and choose the vocabulary.",
    "distill": "Read each document with the teacher: soft labels and document vectors.",
    "merge": "Join the shards of a corpus into one labels file.",
    "train": "Train a topic model on soft labels.",
    "merge-models": "Make one model of two, of two corpora: topics that are alike become one.",
    "generate": "Have a language model write a corpus's topics.",
    "ground": "Bring written topics to documents by retrieval.",
    "attend": "Bring written topics to documents by the teacher's attention.",
    "assign": "Give documents their topics.",
    "topics": "Show the topics of a model.",
    "drift": "Say which topics grew, shrank or are new among newer documents.",
    "eval": "Score models: agreement with classes, calibration, use and coherence of words, stability.",
    "info": "Say what a file of dsltm is, and whether two files fit.",
    "prompts": "List the named instructions that distill puts around a document.",
    "teachers": "List the teachers, and which of them are on this machine.",
    "config": "Show which value each option has, and where it comes from.",
    "help": "Show a page of the manual.",
}
