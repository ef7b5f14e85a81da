/* Copying, filling and comparing memory in static builds.
 *
 * musl copies on x86_64 with string instructions that need some thirty cycles to begin, moves what overlaps backwards a byte
 * at a time, and compares byte by byte on every machine; answers are made of thousands of short strings. Copying and filling
 * here use the vectors that each x86_64 has (SSE2); on aarch64 musl's own are good, and only comparing is from here.
 * docs/decisions/0034-memory.md has the figures.
 *
 * Short lengths are read whole before anything is written, from both ends towards the middle, so that they need no loop and
 * may overlap. Built with -ffreestanding, for a loop here must not become a call of the function it is in. Both machines
 * write the lowest byte of a number first, which comparing relies on. */

#include <stddef.h>
#include <stdint.h>

#ifndef NAME
#define NAME(name) name
#endif

typedef uint32_t __attribute__((may_alias, aligned(1))) four;
typedef uint64_t __attribute__((may_alias, aligned(1))) eight;

#ifdef __x86_64__
#include <emmintrin.h>

typedef uint16_t __attribute__((may_alias, aligned(1))) two;
typedef __m128i_u sixteen;

#define LOAD(from, at) _mm_loadu_si128((const sixteen *)((from) + (at)))
#define STORE(to, at, value) _mm_storeu_si128((sixteen *)((to) + (at)), (value))

/* From this length on the processor's own copying is as fast as any loop, and does not push everything else out. */
enum { LONG = 4096 };

/* Up to 128 bytes, also where both overlap. */
static inline __attribute__((always_inline)) void copy_short(unsigned char *to, const unsigned char *from, size_t n) {
  if (n > 64) {
    __m128i a = LOAD(from, 0), b = LOAD(from, 16), c = LOAD(from, 32), d = LOAD(from, 48);
    __m128i e = LOAD(from, n - 64), f = LOAD(from, n - 48), g = LOAD(from, n - 32), h = LOAD(from, n - 16);
    STORE(to, 0, a), STORE(to, 16, b), STORE(to, 32, c), STORE(to, 48, d);
    STORE(to, n - 64, e), STORE(to, n - 48, f), STORE(to, n - 32, g), STORE(to, n - 16, h);
  } else if (n > 32) {
    __m128i a = LOAD(from, 0), b = LOAD(from, 16), c = LOAD(from, n - 32), d = LOAD(from, n - 16);
    STORE(to, 0, a), STORE(to, 16, b), STORE(to, n - 32, c), STORE(to, n - 16, d);
  } else if (n >= 16) {
    __m128i a = LOAD(from, 0), b = LOAD(from, n - 16);
    STORE(to, 0, a), STORE(to, n - 16, b);
  } else if (n >= 8) {
    uint64_t a = *(const eight *)from, b = *(const eight *)(from + n - 8);
    *(eight *)to = a, *(eight *)(to + n - 8) = b;
  } else if (n >= 4) {
    uint32_t a = *(const four *)from, b = *(const four *)(from + n - 4);
    *(four *)to = a, *(four *)(to + n - 4) = b;
  } else if (n >= 2) {
    uint16_t a = *(const two *)from, b = *(const two *)(from + n - 2);
    *(two *)to = a, *(two *)(to + n - 2) = b;
  } else if (n) {
    *to = *from;
  }
}

/* More than 128 bytes, and nothing that is written before it is read: `to` lies before `from`, or both are apart. */
static inline __attribute__((always_inline)) void copy_forwards(unsigned char *to, const unsigned char *from, size_t n) {
  /* The end is read first, for where both overlap it may be gone afterwards. */
  __m128i w = LOAD(from, n - 64), x = LOAD(from, n - 48), y = LOAD(from, n - 32), z = LOAD(from, n - 16);
  size_t at = 0, last = n - 64;
  for (; at < last; at += 64) {
    __m128i a = LOAD(from, at), b = LOAD(from, at + 16), c = LOAD(from, at + 32), d = LOAD(from, at + 48);
    STORE(to, at, a), STORE(to, at + 16, b), STORE(to, at + 32, c), STORE(to, at + 48, d);
  }
  STORE(to, last, w), STORE(to, last + 16, x), STORE(to, last + 32, y), STORE(to, last + 48, z);
}

/* More than 128 bytes from the end to the beginning: `to` lies behind `from` and both overlap. */
static inline __attribute__((always_inline)) void copy_backwards(unsigned char *to, const unsigned char *from, size_t n) {
  __m128i w = LOAD(from, 0), x = LOAD(from, 16), y = LOAD(from, 32), z = LOAD(from, 48);
  for (size_t at = n; at > 64; at -= 64) {
    __m128i a = LOAD(from, at - 64), b = LOAD(from, at - 48), c = LOAD(from, at - 32), d = LOAD(from, at - 16);
    STORE(to, at - 64, a), STORE(to, at - 48, b), STORE(to, at - 32, c), STORE(to, at - 16, d);
  }
  STORE(to, 0, w), STORE(to, 16, x), STORE(to, 32, y), STORE(to, 48, z);
}

void *NAME(memcpy)(void *restrict to, const void *restrict from, size_t n) {
  if (n <= 128) {
    copy_short(to, from, n);
  } else if (n < LONG) {
    copy_forwards(to, from, n);
  } else {
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
  }
  return to;
}

void *NAME(memmove)(void *to, const void *from, size_t n) {
  if (n <= 128) {
    copy_short(to, from, n);
  } else if ((uintptr_t)to - (uintptr_t)from >= n) {
    copy_forwards(to, from, n);
  } else {
    copy_backwards(to, from, n);
  }
  return to;
}

void *NAME(memset)(void *to, int value, size_t n) {
  unsigned char *at = to;
  if (n < 16) {
    uint64_t all = 0x0101010101010101u * (unsigned char)value;
    if (n >= 8) {
      *(eight *)at = all, *(eight *)(at + n - 8) = all;
    } else if (n >= 4) {
      *(four *)at = (uint32_t)all, *(four *)(at + n - 4) = (uint32_t)all;
    } else if (n >= 2) {
      *(two *)at = (uint16_t)all, *(two *)(at + n - 2) = (uint16_t)all;
    } else if (n) {
      *at = (unsigned char)value;
    }
  } else if (n < LONG) {
    __m128i all = _mm_set1_epi8((char)value);
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
      STORE(at, i, all), STORE(at, i + 16, all), STORE(at, i + 32, all), STORE(at, i + 48, all);
    }
    for (; i + 16 <= n; i += 16) STORE(at, i, all);
    STORE(at, n - 16, all);
  } else {
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
  }
  return to;
}

#endif

/* Which of two numbers that were read from memory comes first there: their lowest byte counts most. */
static inline __attribute__((always_inline)) int order(uint64_t a, uint64_t b) {
  if (a == b) return 0;
  return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

int NAME(memcmp)(const void *left, const void *right, size_t n) {
  const unsigned char *a = left, *b = right;
  if (n >= 8) {
    size_t last = n - 8;
    for (size_t at = 0; at < last; at += 8) {
      int first = order(*(const eight *)(a + at), *(const eight *)(b + at));
      if (first) return first;
    }
    return order(*(const eight *)(a + last), *(const eight *)(b + last));
  }
  if (n >= 4) {
    int first = order(*(const four *)a, *(const four *)b);
    return first ? first : order(*(const four *)(a + n - 4), *(const four *)(b + n - 4));
  }
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i]) return (int)a[i] - (int)b[i];
  }
  return 0;
}

int NAME(bcmp)(const void *left, const void *right, size_t n) { return NAME(memcmp)(left, right, n); }
