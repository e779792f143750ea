#!/usr/bin/env bash
# jsonargparse 4.53.0: a text like 7e12345 in a class's init_args is written to a config as .inf.
#
# The parser takes a quoted "7e12345" (the start of a git revision, say) for the str that the class
# asks for, and the object gets it whole. The dump of the same namespace, which is what LightningCLI
# stores beside a run, puts the init_args into YAML and reads that again on the way: PyYAML writes
# the text without quotes, as for its own reader it is no number, but jsonargparse's reader takes
# an exponent without a point for a float. The guess that a dump says what was parsed, and can be
# parsed, is wrong: the text is lost, and the stored config is refused.
#
# Seen: 12345    made '12345'    dumped '12345'   parsed again
#       7e12     made '7e12'     dumped 7000000000000.0  refused
#       7e12345  made '7e12345'  dumped .inf      refused (Expected a <class 'str'>. Got value: inf)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jsonargparse==4.53.0 PyYAML==6.0.4
cat > "$folder/revision.py" <<'PYTHON'
import jsonargparse


class Model:
    def __init__(self, revision: str) -> None:
        self.revision = revision


parser = jsonargparse.ArgumentParser(exit_on_error=False)
parser.add_argument("--model", type=Model)
print("jsonargparse", jsonargparse.__version__)
assert jsonargparse.__version__ == "4.53.0"
for text, expected in (("12345", "'12345'"), ("7e12", "7000000000000.0"), ("7e12345", ".inf")):
    config = f'model: {{class_path: __main__.Model, init_args: {{revision: "{text}"}}}}'
    parsed = parser.parse_string(config)
    made = parser.instantiate(parsed).model.revision
    dumped = parser.dump(parsed)
    written = dumped.split("revision: ")[1].strip()
    try:
        again = parser.parse_string(dumped).model.init_args.revision
    except Exception as error:
        again = f"refused: {str(error).splitlines()[-1].strip()}"
    print(f"{text} made {made!r} dumped {written} again {again}")
    assert made == text and written == expected
    assert again == text if text == "12345" else again.startswith("refused: Expected a <class")
PYTHON
cd "$folder"
"$folder/venv/bin/python" revision.py
