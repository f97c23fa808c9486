"""Memory as the C library gives it."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


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
