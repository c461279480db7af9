/* Preloaded into the real binary: ends it with SIGKILL at the N-th commit point (fsync or fdatasync), before or after the bytes are durable.
   SYNC_KILLER_AT=N counts from 1; SYNC_KILLER_WHEN=before|after; SYNC_KILLER_COUNT=FILE: no end, the number of commit points goes there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int passed;

static int at(void) {
  const char* text = getenv("SYNC_KILLER_AT");
  return text == NULL ? 0 : atoi(text);
}

static int is_before(void) {
  const char* text = getenv("SYNC_KILLER_WHEN");
  return text != NULL && strcmp(text, "before") == 0;
}

static int sync_through(const char* name, int descriptor) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const int number = atomic_fetch_add(&passed, 1) + 1;
  if (number == at() && is_before()) kill(getpid(), SIGKILL);
  const int result = real(descriptor);
  if (number == at() && !is_before()) kill(getpid(), SIGKILL);
  return result;
}

int fsync(int descriptor) { return sync_through("fsync", descriptor); }
int fdatasync(int descriptor) { return sync_through("fdatasync", descriptor); }

__attribute__((destructor)) static void tell(void) {
  const char* path = getenv("SYNC_KILLER_COUNT");
  if (path == NULL) return;
  FILE* file = fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%d\n", atomic_load(&passed));
  fclose(file);
}
