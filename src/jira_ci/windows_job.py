"""A job object of Windows: by it a command ends with everything that it has started, as a process group does elsewhere.

https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

from __future__ import annotations

import ctypes
import sys

_LIMITS, _ACCOUNTING = 9, 1  # JobObjectExtendedLimitInformation, JobObjectBasicAccountingInformation
_KILL_ON_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE: also when we are killed ourselves
_KILLED = 1  # what a process ends with that is ended so


class _Basic(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least", ctypes.c_size_t),
        ("most", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (("basic", _Basic), ("io", ctypes.c_uint64 * 6), ("memory", ctypes.c_size_t * 4))


class Accounting(ctypes.Structure):
    """JOBOBJECT_BASIC_ACCOUNTING_INFORMATION."""

    _fields_ = (
        ("times", ctypes.c_int64 * 4),
        ("faults", ctypes.c_uint32),
        ("ever", ctypes.c_uint32),
        ("active", ctypes.c_uint32),
        ("ended", ctypes.c_uint32),
    )


if sys.platform == "win32":

    class Job:
        """A process, and from now on all that it starts.

        Args:
            process: its handle.

        Raises:
            OSError: Windows has no job object for it.
        """

        def __init__(self, process: int) -> None:
            self._api = ctypes.WinDLL("kernel32", use_last_error=True)
            self._api.CreateJobObjectW.restype = ctypes.c_void_p
            made = self._api.CreateJobObjectW(None, None)
            self._handle = ctypes.c_void_p(made)
            if not made:
                raise ctypes.WinError(ctypes.get_last_error())
            self._limit(_KILL_ON_CLOSE)
            if not self._api.AssignProcessToJobObject(self._handle, ctypes.c_void_p(process)):
                raise ctypes.WinError(ctypes.get_last_error())

        def is_alive(self) -> bool:
            """Whether anything of it still runs."""
            told = Accounting()
            size = ctypes.sizeof(told)
            known = self._api.QueryInformationJobObject(self._handle, _ACCOUNTING, ctypes.byref(told), size, None)
            return bool(known) and told.active > 0

        def end(self) -> None:
            """Ends all of it."""
            self._api.TerminateJobObject(self._handle, _KILLED)

        def let_go(self) -> None:
            """What runs on after a command that ended by itself may do so."""
            self._limit(0)

        def _limit(self, flags: int) -> None:
            limits = Limits()
            limits.basic.flags = flags
            size = ctypes.sizeof(limits)
            self._api.SetInformationJobObject(self._handle, _LIMITS, ctypes.byref(limits), size)
