#!/usr/bin/env python3
"""check_schema.py SCHEMA FOLDER: prints one line a .yaml file of the folder, `NAME accepted|refused|unreadable`.

Exit status 77 where python3-jsonschema or python3-yaml is missing.
"""

import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.yaml")):
    try:
        text = path.read_text(encoding="utf-8-sig")
        documents = list(yaml.safe_load_all(text))
    except (UnicodeDecodeError, yaml.YAMLError):
        print(path.stem, "unreadable")
        continue
    fits = len(documents) == 1 and validator.is_valid(documents[0])
    print(path.stem, "accepted" if fits else "refused")
