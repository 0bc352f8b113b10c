#!/bin/sh
# bats 1.13.0: when one of the files cannot be parsed, no test of any file runs, the console has "not ok 1
# bats-gather-tests", and the JUnit report is an empty <testsuites>: its formatter breaks off.
# Needs: bash, npm. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0"}' >package.json
npm install --silent --no-audit --no-fund bats@1.13.0 >/dev/null 2>&1 || exit 77
printf '@test "passes" { true; }\n' >a.bats
printf '@test "is not closed" {\n  if true; then\n' >b.bats
bash node_modules/bats/bin/bats --report-formatter junit -o . a.bats b.bats >log 2>&1; code=$?
echo "exit $code"; grep -E '^(not )?ok|formatter|failed with' log; cat report.xml
[ $code != 0 ] && grep -q 'not ok 1 bats-gather-tests' log || exit 1
if grep -qE '<testcase|<testsuite ' report.xml; then exit 1; fi
