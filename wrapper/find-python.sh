#!/bin/sh
# Prints the path of a Python on PATH that is new enough; otherwise the output missing says in a sentence what is (exit 2).
# A name on PATH proves nothing: pyenv's shims, Windows' store links and macOS' stubs are there and only fail, and an exit
# code of 0 is what anything may answer. So each is asked for a word, without the user's site-packages. What lies in the
# checkout is passed over and not even asked: a pull request can bring it, and it would run with the step's secrets. No
# variable here has a name that the job may have exported for itself.
set -eu
CDPATH='' # "cd bin" is to go nowhere else

jira_ci_old='' jira_ci_theirs=''
jira_ci_top=$(cd "${GITHUB_WORKSPACE:-.}" 2>/dev/null && pwd -P) || jira_ci_top=$(pwd -P)
[ "$jira_ci_top" != / ] || jira_ci_top=/nowhere # everything would be in it

in_checkout() { # PATH of a program
  jira_ci_real=$(cd "${1%/*}" 2>/dev/null && pwd -P) || return 0
  case $jira_ci_real/ in "$jira_ci_top"/*) return 0 ;; esac
  jira_ci_real=$(readlink -f "$1" 2>/dev/null) || return 1
  case $jira_ci_real in "$jira_ci_top"/*) return 0 ;; esac
  return 1
}

IFS=:
set -f
for jira_ci_name in python3 python python3.14 python3.13 python3.12 python3.11 python3.10; do
  for jira_ci_dir in $PATH; do
    jira_ci_python=${jira_ci_dir:-.}/$jira_ci_name
    [ -f "$jira_ci_python" ] && [ -x "$jira_ci_python" ] || continue
    if in_checkout "$jira_ci_python"; then
      jira_ci_theirs=" (what is in the checkout is not used)"
      continue
    fi
    # -I before all else: with -c alone, Python 3.13 imports linecache from the job's folder before the first line here.
    jira_ci_said=$("$jira_ci_python" -I -S -c '
import sys
print("%d.%d" % sys.version_info[:2])
if sys.version_info >= (3, 10):
    from importlib.util import find_spec
    missing = [name for name in ("hashlib", "http", "json", "ssl", "zlib") if not find_spec(name)]
    print(("has no " + missing[0]) if missing else "is for jira-ci")
' 2>/dev/null) || jira_ci_said=$("$jira_ci_python" -V 2>&1) || : # Python 2 knows no -I, and says here what it is
    case $jira_ci_said in
      3.*"
is for jira-ci")
        echo "$jira_ci_python"
        exit 0
        ;;
      [23].*"
has no "*) jira_ci_old="$jira_ci_old, $jira_ci_name has no complete library" ;;
      3.[0-9] | "Python 2."*) jira_ci_old="$jira_ci_old, $jira_ci_name is ${jira_ci_said#Python }" ;;
    esac
  done
done

if [ -n "$jira_ci_old" ]; then
  jira_ci_found="found only: ${jira_ci_old#, }"
else
  jira_ci_found="found none on PATH"
fi
jira_ci_missing="jira-ci needs Python 3.10 or newer, and $jira_ci_found$jira_ci_theirs.\
 Install python3 in the container or on the runner, or use actions/setup-python in an earlier step."
# The action's next step says so, in the way that the command calls for.
if [ ! -f "${GITHUB_OUTPUT:-}" ] || [ -L "$GITHUB_OUTPUT" ] || ! echo "missing=$jira_ci_missing" 2>/dev/null >>"$GITHUB_OUTPUT"; then
  echo "$jira_ci_missing" >&2
fi
exit 2
