#!/bin/sh
# @rstest/core 0.12.0: a failed afterAll hook and a file that cannot be loaded end the run with 1, and the JUnit report
# has no failure: the first is tests="1" failures="0" errors="0", the second a suite with tests="0" errors="0".
# Needs: node, npm. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0"}' >package.json
npm install --silent --no-audit --no-fund @rstest/core@0.12.0 >/dev/null 2>&1 || exit 77
cat >rstest.config.ts <<'T'
import { defineConfig } from '@rstest/core'
export default defineConfig({ reporters: [['junit', { outputPath: 'report.xml' }]] })
T
cat >hook.test.ts <<'T'
import { test, afterAll } from '@rstest/core'
afterAll(() => { throw new Error('the hook') })
test('passes', () => {})
T
echo "throw new Error('the file')" >file.test.ts
for name in hook file; do
  rm -f report.xml
  node_modules/.bin/rstest run $name.test.ts >log 2>&1; code=$?
  echo "$name: exit $code"; grep -E '<testsuite|<testcase|<failure|<error' report.xml
  [ $code = 1 ] || exit 1
  if grep -qE '<failure|<error|failures="[1-9]|errors="[1-9]' report.xml; then exit 1; fi
done
