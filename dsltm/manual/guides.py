"""The pages of section 7, each from a text of its name beside this file."""

GUIDES = {
    "method": "what the topics are made of, and what dsltm adds to the paper",
    "recipes": "answers to what users ask",
    "results": "what was measured, with which command and on which processor",
    "scaling": "large corpora: several machines, GPUs, memory",
}
