"""Several models on the same sentences, also where they have different numbers of heads."""
