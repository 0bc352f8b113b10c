#!/bin/sh
# Meson 1.12.1 testlog.junit.xml: a TAP program that bails out, or that ends with an error after too few points, is FAIL
# on the console (2 of them), and its suite in the report has one passed testcase and failures="0" errors="0".
# Needs: python3 with venv. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
python3 -m venv v && v/bin/pip install -q meson==1.12.1 ninja >/dev/null 2>&1 || exit 77
PATH=$dir/v/bin:$PATH
cat >meson.build <<'T'
project('tried')
sh = find_program('sh')
test('bails', sh, args: ['-c', 'printf "1..3\nok 1 a\nBail out! no database\n"'], protocol: 'tap')
test('stops', sh, args: ['-c', 'printf "1..3\nok 1 a\n"; exit 3'], protocol: 'tap')
T
meson setup build >/dev/null && cd build || exit 77
meson test >log 2>&1; code=$?
echo "exit $code"; grep -E '^(Ok|Fail):' log; grep -oE '<testsuite [^>]*>' meson-logs/testlog.junit.xml
[ $code != 0 ] && grep -qE '^Fail: +2' log || exit 1
if grep -qE '<failure|<error|failures="[1-9]|errors="[1-9]' meson-logs/testlog.junit.xml; then exit 1; fi
