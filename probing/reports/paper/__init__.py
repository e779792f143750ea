"""The paper's own numbers, and those of a run beside them."""
