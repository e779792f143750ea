"""Where data comes from: files, folders, the built-in corpus, data sets of Hugging Face."""
