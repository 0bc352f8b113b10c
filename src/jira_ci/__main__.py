"""``python -m jira_ci`` and the installed command: runs before anything else of ours, and lets nothing of the job's in.

The script that pip, uv and pipx make starts Python without ``-I``: they drop what stands behind the interpreter in a
script's first line. So modules may come from ``PYTHONPATH``, byte code from ``PYTHONPYCACHEPREFIX``, and with ``-m``
anything from the current folder. Where one of these is there, Python starts once more without them. What ran before
this module, no program takes back: SECURITY.md says what that is.
"""

import gc
import os
import sys

from jira_ci.given_locale import give_back

# What leads Python to files: https://docs.python.org/3/using/cmdline.html#environment-variables
_LEADING = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUSERBASE",
    "PYTHONPLATLIBDIR",
    "PYTHONWARNINGS",  # a category is imported
)
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A user's own packages are not on the path then: what lies beside this package is, behind all else.
_AGAIN = "import sys; sys.path.append(sys.argv.pop(1)); from jira_ci.cli import main; sys.exit(main())"


def main(*, from_folder: bool = False) -> int:
    """Runs one command and returns its exit code.

    Args:
        from_folder: whether the current folder is among those that modules come from.
    """
    if _is_led(from_folder):
        return _again()
    gc.set_threshold(100_000)  # imports make many objects and no garbage
    from jira_ci.cli import main as run

    return run()


def _is_led(from_folder: bool) -> bool:
    flags = sys.flags
    if flags.isolated or not sys.executable:
        return False
    by_variable = not flags.ignore_environment and any(os.environ.get(name) for name in _LEADING)
    return by_variable or (from_folder and not getattr(flags, "safe_path", False))


def _again() -> int:
    text = ["-X", "utf8"] if sys.flags.utf8_mode else []
    command = [sys.executable, "-I", *text, "-c", _AGAIN, _HERE, *sys.argv[1:]]
    give_back(os.environ)
    if os.name != "nt":
        os.execv(sys.executable, command)  # noqa: S606 - the same Python
    # There the caller would not wait for what took our place.
    trusted = (sys.prefix, sys.base_prefix)
    sys.path[:] = [one for one in sys.path if one.startswith(trusted) and one != os.getcwd()]
    import subprocess

    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(from_folder=True))
