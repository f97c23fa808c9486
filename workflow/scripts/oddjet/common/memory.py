"""Memory as Python and the C library give it back."""

import atexit
import ctypes
import gc

COLLECT_AFTER = 100_000  # objects more than were freed; Python's own is 700
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def collect_rarely() -> None:
    """Have Python look for cycles of dead objects rarely, and not once more when it ends.

    What imports make, and the jobs of a large workflow, live until the end. To look through
    hundreds of thousands of such objects again and again is a fifth of what a short job takes:
    docs/performance.md.
    """
    gc.set_threshold(COLLECT_AFTER)
    atexit.register(gc.freeze)


def keep_freed() -> None:
    """Have the C library keep the memory of large arrays for the next ones.

    glibc gives large freed blocks and the free end of its heap back to the kernel, and the next
    step of a training, or the next piece of a sample, waits for fresh pages: docs/performance.md.
    Elsewhere nothing is done.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        if not libc.mallopt(MMAP_THRESHOLD, 2**30):
            libc.mallopt(MMAP_THRESHOLD, 2**25)  # older versions refuse more
        libc.mallopt(TRIM_THRESHOLD, 2**31 - 1)
