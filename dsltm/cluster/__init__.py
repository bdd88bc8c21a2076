"""Stages on many machines: workers on Ray write part files, and a manifest says which of them are done."""
