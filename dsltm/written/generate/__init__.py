"""Topics that a language model writes after reading a part of a corpus."""
