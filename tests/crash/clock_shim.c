/* Preloaded into the real binary: its wall clock is CLOCK_SHIFT seconds off, from the moment on that the file CLOCK_SHIFT_WHEN exists
   (always, where that is not set). The monotonic clock is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, time);
  const char* shift = getenv("CLOCK_SHIFT");
  const char* when = getenv("CLOCK_SHIFT_WHEN");
  if (clock == CLOCK_REALTIME && shift != NULL && (when == NULL || access(when, F_OK) == 0)) time->tv_sec += atol(shift);
  return result;
}
