#!/bin/sh
# CTest 4.4.5 --output-junit: a test that could not start (no such program, a fixture that failed) is "Not Run" among the
# FAILED on the console, and in the report status="notrun" with a skipped child, as a test that skipped itself is;
# failures="1" counts only the fixture. Only the message tells: "SKIP_RETURN_CODE=77" or else.
# Needs: python3 with venv. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
python3 -m venv v && v/bin/pip install -q cmake==4.4.5 ninja >/dev/null 2>&1 || exit 77
PATH=$dir/v/bin:$PATH
cat >CMakeLists.txt <<'T'
cmake_minimum_required(VERSION 3.20)
project(tried NONE)
enable_testing()
add_test(NAME gone COMMAND no-such-program)
add_test(NAME database COMMAND false)
set_tests_properties(database PROPERTIES FIXTURES_SETUP DB)
add_test(NAME query COMMAND true)
set_tests_properties(query PROPERTIES FIXTURES_REQUIRED DB)
add_test(NAME skips COMMAND sh -c "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
T
cmake -G Ninja -S . -B build >/dev/null 2>&1 && cd build || exit 77
ctest --output-junit r.xml >log 2>&1; code=$?
echo "exit $code"; grep -E 'tests failed|\((Not Run|Failed|Skipped)\)' log; grep -E '<testcase|<skipped|<failure|failures=|skipped=' r.xml
[ $code = 8 ] && grep -q '3 tests failed out of 4' log && [ "$(grep -c 'status="notrun"' r.xml)" = 3 ] &&
  [ "$(grep -c '<skipped' r.xml)" = 3 ] && grep -q 'failures="1"' r.xml && grep -q 'SKIP_RETURN_CODE=77' r.xml
