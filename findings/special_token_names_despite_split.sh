#!/usr/bin/env bash
# transformers 5.24.0: despite split_special_tokens=True, "</s>" in a text is XLM-RoBERTa's </s>.
#
# The option asks that the name of a special token in a text is cut like any other text, so that
# who annotates "</s>" in a sentence gets its characters and not the end of the sentence. For BERT
# it does. A Unigram tokenizer then looks for the best pieces in its vocabulary, where the
# names of the special tokens are pieces too, with the score 0, better than every real piece's: the
# name is one piece again, with the special token's id. The guess that the option does for every
# tokenizer what it does for BERT's is wrong.
#
# Seen: BERT         "[SEP]"  without [SEP]   with [ sep ]
#       XLM-RoBERTa  "</s>"   without </s>    with ▁ </s>
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.24.0 numpy==2.2.6 \
    tokenizers==0.23.3 huggingface_hub==2.4.0 safetensors==0.8.0
cd "$folder"
HF_HUB_OFFLINE=1 PYTHONUTF8=1 "$folder/venv/bin/python" - <<'PYTHON'
import transformers
from transformers import BertTokenizer, XLMRobertaTokenizer

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[", "]", "sep"]
bert = BertTokenizer(vocab={word: number for number, word in enumerate(words)})
special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
pieces = [("▁", -3.0), *((character, -4.0) for character in "s</>")]
roberta = XLMRobertaTokenizer(vocab=special + pieces)

print("transformers", transformers.__version__)
assert transformers.__version__ == "5.24.0"
for tokenizer, text, without, with_option in (
    (bert, "[SEP]", ["[SEP]"], ["[", "sep", "]"]),
    (roberta, "</s>", ["</s>"], ["▁", "</s>"]),
):
    for split, expected in ((False, without), (True, with_option)):
        ids = tokenizer(text, split_special_tokens=split, add_special_tokens=False)["input_ids"]
        found = tokenizer.convert_ids_to_tokens(ids)
        print(type(tokenizer).__name__, text, "with" if split else "without", *found)
        assert found == expected, found
        assert (tokenizer.sep_token_id in ids) == (tokenizer is roberta or not split)
PYTHON
