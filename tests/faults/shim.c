/* Preloaded into a process, it fails or ends the n-th write or rename, and shifts its clock.
 *
 * FAULT_UNDER    the folder in which files count
 * FAULT_CALL     "write" or "rename"
 * FAULT_AT       which of these calls is struck, counted from 1 in each process
 * FAULT_ERRNO    what the call fails with, this time and ever after; with FAULT_ONCE this time alone
 * FAULT_SIGNAL   what the process sends to itself instead
 * FAULT_SECONDS  by how much the clock is wrong
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

static int below(const char *path) {
    const char *under = getenv("FAULT_UNDER");
    return under && strncmp(path, under, strlen(under)) == 0;
}

/* Whether this call fails; errno says with what. */
static int struck(const char *kind) {
    const char *wanted = getenv("FAULT_CALL");
    if (!wanted || strcmp(wanted, kind) != 0) return 0;
    long at = atol(getenv("FAULT_AT")), now = atomic_fetch_add(&calls, 1) + 1;
    if (now < at || (now > at && (getenv("FAULT_ONCE") || getenv("FAULT_SIGNAL")))) return 0;
    if (getenv("FAULT_SIGNAL")) {
        raise(atoi(getenv("FAULT_SIGNAL")));
        return 0;
    }
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

static int file_struck(int descriptor) {
    char link[64], path[PATH_MAX];
    if (!getenv("FAULT_CALL")) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path) && struck("write");
}

static int rename_struck(const char *target) {
    char folder[PATH_MAX], path[2 * PATH_MAX];
    if (!getenv("FAULT_CALL")) return 0;
    if (target[0] == '/' || !getcwd(folder, sizeof folder))
        snprintf(path, sizeof path, "%s", target);
    else
        snprintf(path, sizeof path, "%s/%s", folder, target);
    return below(path) && struck("rename");
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    return file_struck(descriptor) ? -1 : NEXT(write)(descriptor, bytes, size);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    return file_struck(descriptor) ? -1 : NEXT(pwrite)(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    return file_struck(descriptor) ? -1 : NEXT(pwrite64)(descriptor, bytes, size, offset);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
    return file_struck(descriptor) ? -1 : NEXT(writev)(descriptor, pieces, count);
}

int rename(const char *source, const char *target) {
    return rename_struck(target) ? -1 : NEXT(rename)(source, target);
}

int renameat(int from, const char *source, int to, const char *target) {
    return rename_struck(target) ? -1 : NEXT(renameat)(from, source, to, target);
}

static long shift(void) {
    const char *seconds = getenv("FAULT_SECONDS");
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int found = NEXT(clock_gettime)(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += shift();
    return found;
}

time_t time(time_t *now) {
    time_t found = NEXT(time)(NULL) + shift();
    if (now) *now = found;
    return found;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int found = NEXT(gettimeofday)(now, zone);
    now->tv_sec += shift();
    return found;
}
