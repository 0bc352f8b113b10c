"""What LC_CTYPE was before Python changed it. Imports nothing that a job could have put in the way."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def give_back(environ: "MutableMapping[str, str]") -> None:
    """Takes back what Python does to a process in the C locale (https://peps.python.org/pep-0538/), or what is deployed
    with would inherit it. Only Linux tells what a process was started with; elsewhere nothing is changed.

    Args:
        environ: the process's own.
    """
    if environ.get("LC_CTYPE") not in _COERCED or not sys.platform.startswith("linux"):
        return
    try:
        with open("/proc/self/environ", "rb") as file:
            given = file.read().split(b"\0")
    except OSError:
        return
    before = [part for part in given if part.startswith(b"LC_CTYPE=")]
    if before:
        environ["LC_CTYPE"] = os.fsdecode(before[0].partition(b"=")[2])
    else:
        del environ["LC_CTYPE"]
