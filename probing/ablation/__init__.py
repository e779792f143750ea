"""What a model does without some of its heads, beside doing without others like them."""
