#!/bin/sh
# @playwright/test 1.65.1: a spec file that cannot be loaded, and a globalSetup that throws, end the run with 1, and the
# JUnit report is <testsuites tests="0" failures="0" skipped="0" errors="0">, as of a run that had nothing to do. A failed
# afterAll, however, is an error of the last test. No browser is needed.
# Needs: node, npm. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0"}' >package.json
npm install --silent --no-audit --no-fund @playwright/test@1.65.1 >/dev/null 2>&1 || exit 77
echo "throw new Error('the file')" >load.spec.js
echo "const { test } = require('@playwright/test'); test('passes', () => {})" >good.spec.js
echo "const { test } = require('@playwright/test'); test.afterAll(() => { throw new Error('x') }); test('passes', () => {})" >hook.spec.js
echo "module.exports = () => { throw new Error('the set-up') }" >setup.js
echo "module.exports = {}" >plain.config.js
echo "module.exports = { globalSetup: './setup.js' }" >setup.config.js
run() { rm -f r.xml; PLAYWRIGHT_JUNIT_OUTPUT_FILE=r.xml node_modules/.bin/playwright test -c "$1.config.js" "$2.spec.js" --reporter=junit >log 2>&1; code=$?; echo "$1 $2: exit $code"; grep -E '<testsuites|<failure|<error' r.xml; }
empty='tests="0" failures="0" skipped="0" errors="0"'
run plain load; [ $code = 1 ] && grep -q "$empty" r.xml || exit 1
run setup good; [ $code = 1 ] && grep -q "$empty" r.xml || exit 1
run plain hook; [ $code = 1 ] && grep -q 'errors="1"' r.xml
