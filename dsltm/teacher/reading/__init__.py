"""A teacher at work: prompts and tokens in; hidden states, logits, likelihoods and attention out."""
