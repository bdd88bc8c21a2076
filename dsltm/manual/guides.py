"""The pages of section 7, each from a text of its name beside this file."""

GUIDES = {
    "method": "what the topics are made of, and what dsltm adds to the paper",
    "paper": "how the defaults differ from the paper, and what its own setting gives",
    "python": "the same verbs in Python: texts, models, data frames, notebooks, scikit-learn",
    "recipes": "answers to what users ask",
    "results": "what was measured, with which command and on which processor",
    "scaling": "large corpora: several machines, GPUs, memory",
    "steering": "a say in the topics: seeds, classes, two models, groups, queries, time, fields, parts",
}
