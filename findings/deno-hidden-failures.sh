#!/bin/sh
# deno 2.9.6 test --junit-path: a failed Deno.test.afterAll is "1 passed | 1 failed" on the console and failures="0"
# errors="0" in the report; a file that throws while it is loaded is "0 passed | 1 failed" and a report without a suite.
# Needs: node, npm (the npm package carries the program). Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0"}' >package.json
npm install --silent --no-audit --no-fund deno@2.9.6 >/dev/null 2>&1 || exit 77
echo "Deno.test.afterAll(() => { throw new Error('the hook') }); Deno.test('passes', () => {})" >hook.test.js
echo "throw new Error('the file')" >file.test.js
for name in hook file; do
  NO_COLOR=1 node_modules/.bin/deno test --junit-path=r.xml ./$name.test.js >log 2>&1; code=$?
  echo "$name: exit $code"; grep -E '^(ok|FAILED) \|' log; grep '<testsuites' r.xml
  [ $code = 1 ] && grep -q '| 1 failed' log && grep -q '<testsuites.*failures="0" errors="0"' r.xml || exit 1
  if grep -qE '<failure|<error' r.xml; then exit 1; fi
done
