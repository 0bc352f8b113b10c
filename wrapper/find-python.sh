#!/bin/sh
# Prints the name of a Python on PATH that is new enough; says in one sentence what is missing otherwise (exit 2).
# A name on PATH proves nothing: pyenv's shims, Windows' store links and macOS' stubs are there and only fail. So each
# is asked, with options that Python 2 knows as well, and without the user's site-packages.
set -eu

old=
for name in python3 python python3.14 python3.13 python3.12 python3.11 python3.10; do
  if version=$("$name" -E -S -s -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))' 2>/dev/null); then
    printf '%s\n' "$name"
    exit 0
  fi
  if [ -n "$version" ]; then
    old="$old, $name is $version"
  fi
done

if [ -n "$old" ]; then
  found="found only: ${old#, }"
else
  found="found none on PATH"
fi
printf '::error title=jira-ci::jira-ci needs Python 3.10 or newer, and %s. %s\n' "$found" \
  "Install python3 in the container or on the runner, or use actions/setup-python in an earlier step." >&2
case ${JIRA_CI_INPUT_COMMAND:-} in
  gate | deploy) { printf 'decision=deny\napproved=false\n' >>"${GITHUB_OUTPUT:-/dev/null}"; } 2>/dev/null || : ;;
esac
exit 2
