/* Stands before the disk of a program that is started with this in LD_PRELOAD; asks for no right.
 *
 * DISK_ROOT   the folder that is meant; what lies elsewhere passes untouched
 * DISK_CALLS  a file: every write, rename, deletion and fsync below the folder is appended to it once
 *             it has succeeded: a line "seconds.nanos name number bytes bytes bytes" and the bytes of
 *             the path, of the other path, of the data
 * DISK_FREE   a file of eight bytes: by so much the files below the folder may grow still; then ENOSPC
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *root;
static size_t root_length;
static int calls = -1;
static long long *room;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("DISK_CALLS");
  root = getenv("DISK_ROOT");
  root_length = root ? strlen(root) : 0;
  if (name) calls = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  name = getenv("DISK_FREE");
  int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *found = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (found != MAP_FAILED) room = found;
  close(fd);
}

static int below(const char *path) {
  return root_length && !strncmp(path, root, root_length) && path[root_length] == '/';
}

static int path_of(int fd, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = 0;
  return below(path) || (root_length && !strcmp(path, root));
}

static void note(const char *name, long long number, const char *path, const char *other,
                 const void *data, size_t length) {
  int kept = errno;
  char head[128];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  size_t path_length = strlen(path), other_length = strlen(other);
  int size = snprintf(head, sizeof head, "%lld.%09ld %s %lld %zu %zu %zu\n", (long long)now.tv_sec,
                      now.tv_nsec, name, number, path_length, other_length, length);
  struct iovec parts[] = {{head, size},
                          {(void *)path, path_length},
                          {(void *)other, other_length},
                          {(void *)data, length}};
  /* Appended in one piece, or the reader finds that something is missing. */
  syscall(SYS_writev, calls, parts, 4);
  errno = kept;
}

static void note_fd(const char *name, int fd, long long number, const void *data, size_t length) {
  char path[PATH_MAX];
  if (calls >= 0 && fd != calls && path_of(fd, path)) note(name, number, path, "", data, length);
}

static void note_names(const char *name, const char *path, const char *other) {
  if (calls >= 0 && (below(path) || below(other))) note(name, 0, path, other, "", 0);
}

/* Whether the disk has no room for a file that would end there. */
static int full(int fd, off_t end) {
  char path[PATH_MAX];
  struct stat file;
  if (!room || !path_of(fd, path) || fstat(fd, &file) || !S_ISREG(file.st_mode)) return 0;
  long long growth = end - file.st_size;
  if (growth <= 0 || __atomic_fetch_sub(room, growth, __ATOMIC_SEQ_CST) >= growth) return 0;
  __atomic_fetch_add(room, growth, __ATOMIC_SEQ_CST);
  errno = ENOSPC;
  return 1;
}

static off_t write_end(int fd, size_t length) {
  struct stat file;
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  if (appends) return fstat(fd, &file) ? 0 : file.st_size + (off_t)length;
  return lseek(fd, 0, SEEK_CUR) + (off_t)length;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t length) {
  if (room && full(fd, write_end(fd, length))) return -1;
  ssize_t done = REAL(write)(fd, data, length);
  if (done > 0) note_fd("write", fd, 0, data, done);
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) {
  if (room && full(fd, at + (off_t)length)) return -1;
  ssize_t done = REAL(pwrite64)(fd, data, length, at);
  if (done > 0) note_fd("pwrite64", fd, at, data, done);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
  return pwrite64(fd, data, length, at);
}

/* Of several parts at once the disk takes the first: a short write, as any caller must expect. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return REAL(writev)(fd, parts, count);
  for (int number = 0; number < count; number++)
    if (parts[number].iov_len) return write(fd, parts[number].iov_base, parts[number].iov_len);
  return 0;
}

int ftruncate64(int fd, off_t length) {
  int failed = REAL(ftruncate64)(fd, length);
  if (!failed) note_fd("ftruncate", fd, length, "", 0);
  return failed;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fsync(int fd) {
  int failed = REAL(fsync)(fd);
  if (!failed) note_fd("fsync", fd, 0, "", 0);
  return failed;
}

int fdatasync(int fd) {
  int failed = REAL(fdatasync)(fd);
  if (!failed) note_fd("fdatasync", fd, 0, "", 0);
  return failed;
}

int rename(const char *from, const char *to) {
  int failed = REAL(rename)(from, to);
  if (!failed) note_names("rename", from, to);
  return failed;
}

int unlink(const char *path) {
  int failed = REAL(unlink)(path);
  if (!failed) note_names("unlink", path, "");
  return failed;
}
