"""Topics from text: soft labels of a small language model, distilled into a neural topic model."""

__version__ = "0.1.0"
