# SPDX-License-Identifier: Apache-2.0
"""follows_schema.py DIRECTORY FILE...: each line of each file is JSON as DIRECTORY/TOOL.json says.

TOOL is what the line's own field "tool" says. A file without lines is a failure. Of a long file, as a
busy machine makes it, only so many lines are looked at, spread over all of it.
"""
import json
import os
import sys

import jsonschema

MOST_LINES = 1000


def validator_of(directory, tool):
    with open(os.path.join(directory, tool + ".json"), encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def check_file(directory, path, validators):
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    step = len(lines) // MOST_LINES + 1
    for number in range(0, len(lines), step):
        line = lines[number]
        event = json.loads(line)
        tool = event["tool"]
        if tool not in validators:
            validators[tool] = validator_of(directory, tool)
        for error in validators[tool].iter_errors(event):
            sys.exit(f"{path}:{number + 1}: {list(error.path)}: {error.message}\n{line}")
    if not lines:
        sys.exit(f"{path} is empty")


if __name__ == "__main__":
    known = {}
    for name in sys.argv[2:]:
        check_file(sys.argv[1], name, known)
