#!/usr/bin/env bash
# PyYAML 6.0.4: JSON that Python's json writes of a letter beyond U+FFFF is another text as YAML, or none.
#
# YAML 1.2 says that JSON is a part of it, and json.dumps with its defaults writes such a letter as
# two escapes, a surrogate pair. PyYAML's own reader takes each escape for a letter: a text of two
# halves, which no UTF-8 can hold, so that it fails where it is written. The reader of libyaml, which
# comes with it, raises. The guess that a config written as JSON can be read by what reads YAML is
# wrong for texts with such letters; with ensure_ascii=False both read it.
#
# Seen: "\ud835\udcd0"       SafeLoader '\ud835\udcd0'   CSafeLoader refused
#       ensure_ascii=False   SafeLoader the letter       CSafeLoader the letter
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet PyYAML==6.0.4
cat > "$folder/letter.py" <<'PYTHON'
import json

import yaml

print("PyYAML", yaml.__version__)
assert yaml.__version__ == "6.0.4"
letter = "\U0001d4d0"
found = {}
for kind, text in (("escaped", json.dumps(letter)), ("plain", json.dumps(letter, ensure_ascii=False))):
    assert json.loads(text) == letter
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        try:
            found[kind, loader.__name__] = yaml.load(text, loader)
        except yaml.YAMLError as error:
            found[kind, loader.__name__] = f"refused: {' '.join(str(error).split())}"
        print(kind, loader.__name__, ascii(found[kind, loader.__name__]))
assert found["escaped", "SafeLoader"] == "\ud835\udcd0"
assert found["escaped", "CSafeLoader"].startswith("refused")
assert found["plain", "SafeLoader"] == found["plain", "CSafeLoader"] == letter
PYTHON
cd "$folder"
"$folder/venv/bin/python" letter.py
