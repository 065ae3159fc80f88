/* A disk that is slow or that refuses, for a process that is started with LD_PRELOAD.

   SMSKIT_DISK names a file with the structure below, which another process changes and
   reads while this one runs: see shim.py. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct control {
    _Atomic int delay; /* of every fsync, fdatasync, and rename in .storage, in ms */
    _Atomic int error; /* errno of every write to a file of the integration in .storage, or 0 */
    _Atomic int delayed; /* how many calls were slow */
    _Atomic int failed;  /* how many calls were refused */
};

static struct control unchanged;
static struct control *control = &unchanged;

__attribute__((constructor)) static void find_control(void) {
    const char *path = getenv("SMSKIT_DISK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED) control = shared;
    close(fd);
}

static void wait_for_disk(void) {
    int delay = control->delay;
    if (delay == 0) return;
    struct timespec rest = {delay / 1000, delay % 1000 * 1000000L};
    while (nanosleep(&rest, &rest) != 0) {
    }
    control->delayed++;
}

static int refuses_path(const char *path) {
    if (control->error == 0 || strstr(path, "/.storage/smskit.") == NULL) return 0;
    control->failed++;
    errno = control->error;
    return 1;
}

static int refuses(int fd) {
    if (control->error == 0) return 0;
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = '\0';
    return refuses_path(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) {
    wait_for_disk();
    return refuses(fd) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd) {
    wait_for_disk();
    return refuses(fd) ? -1 : NEXT(fdatasync)(fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    static __typeof__(&write) next;
    if (next == NULL) next = NEXT(write);
    return refuses(fd) ? -1 : next(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    static __typeof__(&pwrite) next;
    if (next == NULL) next = NEXT(pwrite);
    return refuses(fd) ? -1 : next(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    static __typeof__(&pwrite64) next;
    if (next == NULL) next = NEXT(pwrite64);
    return refuses(fd) ? -1 : next(fd, data, size, offset);
}

int rename(const char *from, const char *to) {
    if (strstr(to, "/.storage/") != NULL) wait_for_disk();
    return refuses_path(to) ? -1 : NEXT(rename)(from, to);
}
