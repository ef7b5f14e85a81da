/* Holds the functions of memory.c against the plainest ones there are: each length up to some hundreds from and to each
 * alignment, and long ones; overlapping by each distance; with memory that must not be touched right behind.
 *
 *     cc -O2 -ffreestanding -fno-tree-loop-distribute-patterns '-DNAME(name)=own_##name' memory.c check.c && ./a.out */

#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __x86_64__
void *own_memcpy(void *, const void *, size_t);
void *own_memmove(void *, const void *, size_t);
void *own_memset(void *, int, size_t);
#endif
int own_memcmp(const void *, const void *, size_t);
int own_bcmp(const void *, const void *, size_t);

enum { ROOM = 65536, MOST = 9000 };

static unsigned char *room(void) {
  unsigned char *at = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED || mprotect(at + ROOM, 4096, PROT_NONE)) exit(2);
  return at;
}

static unsigned next_random = 1;
static unsigned random_below(unsigned most) {
  next_random = next_random * 1664525u + 1013904223u;
  return (next_random >> 8) % most;
}

static void fail(const char *what, size_t n, size_t to, size_t from) {
  printf("%s of %zu bytes to %zu from %zu is wrong\n", what, n, to, from);
  exit(1);
}

#ifdef __x86_64__
static unsigned char *got, *source, *wanted;

/* Copies `n` bytes inside one room, right behind which lies what must not be touched. */
static void moved(size_t n, size_t to, size_t from) {
  for (size_t i = 0; i < ROOM; i++) got[i] = wanted[i] = source[i];
  for (size_t i = 0; i < n; i++) wanted[to + i] = source[from + i];
  if (own_memmove(got + to, got + from, n) != got + to || memcmp(got, wanted, ROOM)) fail("memmove", n, to, from);
  for (size_t i = 0; i < ROOM; i++) got[i] = source[i];
  if (own_memcpy(got + to, source + from, n) != got + to || memcmp(got, wanted, ROOM)) fail("memcpy", n, to, from);
}

static void filled(size_t n, size_t to) {
  int value = (int)random_below(1000);
  for (size_t i = 0; i < ROOM; i++) got[i] = wanted[i] = source[i];
  for (size_t i = 0; i < n; i++) wanted[to + i] = (unsigned char)value;
  if (own_memset(got + to, value, n) != got + to || memcmp(got, wanted, ROOM)) fail("memset", n, to, to);
}

static void copies(void) {
  got = room(), source = room(), wanted = room();
  for (size_t i = 0; i < ROOM; i++) source[i] = (unsigned char)random_below(256);
  for (size_t n = 0; n <= 300; n++) {
    moved(n, ROOM - n, ROOM - n - random_below(500));
    moved(n, ROOM - n - random_below(500), ROOM - n);
    filled(n, ROOM - n);
    filled(n, random_below(64));
  }
  for (int round = 0; round < 3000; round++) {
    size_t n = random_below(MOST), to = random_below(ROOM - MOST), from = random_below(ROOM - MOST);
    if (round % 2) from = to < 300 ? to : to + random_below(600) - 300;
    moved(n, to, from);
    filled(n, to);
  }
}
#else
static void copies(void) {}
#endif

static int sign(int value) { return (value > 0) - (value < 0); }

static void compares(void) {
  unsigned char *left = room(), *right = room();
  for (int round = 0; round < 400000; round++) {
    size_t n = random_below(round % 4 ? 40 : 400), shift = random_below(9) * (unsigned)(round % 2);
    unsigned char *a = left + ROOM - n - shift, *b = right + ROOM - n - random_below(9) * (unsigned)(round % 2);
    for (size_t i = 0; i < n; i++) a[i] = b[i] = (unsigned char)random_below(256);
    for (unsigned i = random_below(3); i && n; i--) b[random_below((unsigned)n)] = (unsigned char)random_below(256);
    int wanted = 0;
    for (size_t i = 0; i < n && !wanted; i++) wanted = (int)a[i] - (int)b[i];
    if (sign(own_memcmp(a, b, n)) != sign(wanted)) fail("memcmp", n, 0, 0);
    if (!own_bcmp(a, b, n) != !wanted) fail("bcmp", n, 0, 0);
  }
}

int main(void) {
  copies();
  compares();
  puts("all as they should be");
  return 0;
}
