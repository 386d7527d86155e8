"""Memory and processor time of running processes. Linux only: they are read from ``/proc``."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

MB = 1_000_000


def process_tree(pid: int) -> list[int]:
    """A process and its child processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(one for child in children for one in process_tree(int(child)))]


def memory_mb(pid: int, figure: str) -> float:
    """``VmRSS``, the current memory of a process, or ``VmHWM``, the maximum since ``forget_peak``."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"{figure}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / MB if found else 0.0


def shared_memory_mib(pid: int) -> float:
    """Memory of a process in MiB; what several processes share is divided among them (``Pss``)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def cpu_s(pid: int) -> float:
    """Seconds of the processor that a process has used, with its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # man 5 proc: cutime, cstime are the fields 16 and 17; the state is the third.
    ended_s = sum(int(one) for one in fields[13:15]) / os.sysconf("SC_CLK_TCK")
    # The clock of man 3 clock_getcpuclockid; the file counts hundredths of a second.
    return ended_s + time.clock_gettime(~pid << 3 | 2)


def forget_peak(pid: int) -> None:
    """Reset ``VmHWM`` to the current memory of the process (``man 5 proc_pid_clear_refs``)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
