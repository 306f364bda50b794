/* Makes a disk and a clock fail as told: preloaded into the live service, told by what stands in the file FAULTS (see faults.py). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    volatile int64_t calls_before;   /* syncs of `ending` that still succeed */
    volatile int64_t failing_syncs;  /* and how many fail with EIO then */
    volatile int64_t sync_micros;    /* how long each sync takes longer, of whatever file */
    volatile int64_t is_full;        /* whether writes to `ending` fail with ENOSPC */
    volatile int64_t clock_seconds;  /* by how much the clock of the day is wrong */
    volatile int64_t failed;         /* counts what has failed */
    char ending[64];                 /* the end of the names of the files that these are about */
} Faults;

static Faults *faults;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *found = mmap(NULL, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) faults = found;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int is_meant(int file) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    size_t wanted = strlen(faults->ending);
    return length >= (ssize_t)wanted && !memcmp(name + length - wanted, faults->ending, wanted);
}

static int sync_fails(int file) {
    if (!faults) return 0;
    if (faults->sync_micros) usleep(faults->sync_micros);
    if (!faults->failing_syncs || !is_meant(file)) return 0;
    if (faults->calls_before > 0) {
        faults->calls_before--;
        return 0;
    }
    faults->failing_syncs--;
    faults->failed++;
    errno = EIO;
    return 1;
}

static int write_fails(int file) {
    if (!faults || !faults->is_full || !is_meant(file)) return 0;
    faults->failed++;
    errno = ENOSPC;
    return 1;
}

int fsync(int file) { REAL(fsync); return sync_fails(file) ? -1 : real(file); }
int fdatasync(int file) { REAL(fdatasync); return sync_fails(file) ? -1 : real(file); }

ssize_t write(int file, const void *from, size_t size) { REAL(write); return write_fails(file) ? -1 : real(file, from, size); }
ssize_t pwrite(int file, const void *from, size_t size, off_t at) {
    REAL(pwrite);
    return write_fails(file) ? -1 : real(file, from, size, at);
}
ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {
    REAL(pwrite64);
    return write_fails(file) ? -1 : real(file, from, size, at);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int done = real(clock, now);
    if (!done && faults && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += faults->clock_seconds;
    return done;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    REAL(gettimeofday);
    int done = real(now, zone);
    if (!done && faults) now->tv_sec += faults->clock_seconds;
    return done;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
