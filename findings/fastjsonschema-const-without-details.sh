#!/bin/sh
# fastjsonschema 2.22.3: a schema with `const` cannot be compiled with detailed_exceptions=False (smaller and quicker code
# for a yes or no): KeyError 'definition_rule' while the code is made, in drafts 6 and 7 alike. The same schema with `enum`
# of one value compiles and judges as it should, and so does `const` with details. Whoever wants the quick check writes
# `enum` for `const` first.
# Needs: python3 with venv. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
python3 -m venv v && v/bin/pip install -q fastjsonschema==2.22.3 >/dev/null 2>&1 || exit 77
cat >tried.py <<'T'
import fastjsonschema


def judged(rule, details, draft):
    """What becomes of a document that fits and of one that does not."""
    schema = {"$schema": f"http://json-schema.org/draft-0{draft}/schema#", "properties": {"kind": rule}}
    try:
        check = fastjsonschema.compile(schema, detailed_exceptions=details)
    except KeyError as error:
        return f"KeyError {error}"
    said = []
    for document in ({"kind": "build"}, {"kind": "other"}):
        try:
            check(document)
            said.append("fits")
        except fastjsonschema.JsonSchemaException:
            said.append("does not")
    return ", ".join(said)


for draft in (6, 7):
    for name, rule in (("const", {"const": "build"}), ("enum", {"enum": ["build"]})):
        for details in (True, False):
            print(f"draft {draft}, {name}, detailed_exceptions={details}: {judged(rule, details, draft)}")
T
v/bin/python tried.py >out 2>&1 || { cat out; exit 1; }
cat out
[ "$(grep -c "const, detailed_exceptions=False: KeyError 'definition_rule'" out)" = 2 ] && [ "$(grep -c ': fits, does not$' out)" = 6 ]
