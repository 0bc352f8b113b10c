#!/bin/sh
# jest-junit 17.0.0 (jest 30.5.2): a test file that cannot be loaded is not in the report at all: failures="0" errors="0",
# although jest says "Test Suites: 1 failed" and ends with 1. With reportTestSuiteErrors it is there as two testcases,
# one with an error and one with a failure, and the root says errors="1" failures="0".
# Needs: node, npm. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0","jest":{"testMatch":["**/*.test.js"]}}' >package.json
npm install --silent --no-audit --no-fund jest@30.5.2 jest-junit@17.0.0 >/dev/null 2>&1 || exit 77
echo "test('adds', () => { expect(1 + 1).toBe(2) })" >good.test.js
echo 'test(' >broken.test.js
run() { node_modules/.bin/jest --ci --reporters=jest-junit --outputFile=/dev/null "$@" </dev/null >log 2>&1; echo "exit $?"; }
run >first; cp junit.xml plain.xml
JEST_JUNIT_REPORT_TEST_SUITE_ERRORS=true run >second
cat first; grep -o '<testsuites[^>]*>' plain.xml
cat second; grep -E '<testsuites|<testcase|<error|<failure' junit.xml | cut -c1-110
grep -q 'exit 1' first && grep -q 'tests="1" failures="0" errors="0"' plain.xml && ! grep -q broken plain.xml || exit 1
[ "$(grep -c 'classname="Test suite failed to run"' junit.xml)" = 2 ] && grep -q '<testsuites.*failures="0" errors="1"' junit.xml
