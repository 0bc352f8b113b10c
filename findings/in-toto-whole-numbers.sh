#!/bin/sh
# in-toto-attestation 0.9.3 (protobuf 7.36.2): a statement that its classes have read and found valid is written again
# with another predicate: whole numbers have become floats (1 is 1.0), and those above 2^53 other numbers, because a
# predicate is a protobuf Struct, whose numbers are doubles. A digest of the predicate, or a strict reader of integers, no
# longer agrees; ids and counts belong into a predicate as texts.
# Needs: python3 with venv. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
python3 -m venv v && v/bin/pip install -q in-toto-attestation==0.9.3 protobuf==7.36.2 >/dev/null 2>&1 || exit 77
cat >tried.py <<'T'
import json
from google.protobuf.json_format import MessageToDict, Parse
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Message

predicate = {"attempt": 1, "id": 2**53 + 1, "name": "9007199254740993"}
given = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"digest": {"gitCommit": "a" * 40}}],
    "predicateType": "https://example.com/ran/v1",
    "predicate": predicate,
}
statement = Statement.copy_from_pb(Parse(json.dumps(given), Message()))
statement.validate()
found = MessageToDict(statement.pb)["predicate"]
print(json.dumps(predicate, sort_keys=True), "=>", json.dumps(found, sort_keys=True))
T
v/bin/python tried.py >out 2>&1 || { cat out; exit 1; }
cat out
grep -qF '=> {"attempt": 1.0, "id": 9007199254740992.0, "name": "9007199254740993"}' out
