/* Preloaded into the gateway by test_hot_path.py: counts the allocations of every thread in a shared file.
   The file (DOORWARD_ALLOC_COUNTER) holds pairs of 64-bit numbers: thread id, allocations so far. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kThreads = 256 };
struct Entry {
  _Atomic int64_t thread;
  _Atomic int64_t count;
};

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

static struct Entry* entries;
static __thread struct Entry* mine __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void open_file(void) {
  const char* path = getenv("DOORWARD_ALLOC_COUNTER");
  if (!path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* at = mmap(NULL, kThreads * sizeof(struct Entry), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) entries = at;
}

static void count(void) {
  if (!entries) return;
  if (!mine) {
    int64_t thread = syscall(SYS_gettid);
    for (int i = 0; i < kThreads - 1; ++i) {
      int64_t free_slot = 0;
      if (atomic_compare_exchange_strong(&entries[i].thread, &free_slot, thread)) {
        mine = &entries[i];
        break;
      }
    }
    if (!mine) mine = &entries[kThreads - 1];
  }
  atomic_fetch_add_explicit(&mine->count, 1, memory_order_relaxed);
}

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* old, size_t size) {
  count();
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  count();
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : 12;
}
