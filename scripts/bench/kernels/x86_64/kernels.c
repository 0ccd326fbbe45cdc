/* The compute kernels of `npm run bench` for x86_64 and i386, in C. Freestanding: no library. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

static u8 arena[16 << 20] __attribute__((aligned(4096)));

static u32 seed = 12345;
static u32 next_random(void) { return seed = seed * 1664525 + 1013904223; }

u64 fnv1a(u64 passes) {
  u64 hash = 0xcbf29ce484222325;
  for (u64 pass = 0; pass < passes; pass++)
    for (u32 i = 0; i < 65536; i++) hash = (hash ^ arena[i]) * 0x100000001b3;
  return hash;
}

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
static const u32 sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

u64 sha256(u64 passes) {
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (u64 pass = 0; pass < passes; pass++)
    for (u32 block = 0; block < 16; block++) {
      u32 w[64];
      const u32 *in = (const u32 *)(arena + block * 64);
      for (int i = 0; i < 16; i++) w[i] = __builtin_bswap32(in[i]);
      for (int i = 16; i < 64; i++) {
        u32 s0 = ROTR(w[i - 15], 7) ^ ROTR(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = ROTR(w[i - 2], 17) ^ ROTR(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
      }
      u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (int i = 0; i < 64; i++) {
        u32 t1 = k + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + ((e & f) ^ (~e & g)) + sha_constants[i] + w[i];
        u32 t2 = (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        k = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
      }
      h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
    }
  return (u64)h[0] << 32 | h[7];
}

u64 sieve(u64 passes) {
  u64 count = 0;
  for (u64 pass = 0; pass < passes; pass++) {
    for (u32 i = 0; i < 262144; i++) arena[i] = 1;
    count = 0;
    for (u32 i = 2; i < 262144; i++) {
      if (!arena[i]) continue;
      count++;
      for (u32 k = i * 2; k < 262144; k += i) arena[k] = 0;
    }
  }
  return count;
}

u64 heapsort(u64 passes) {
  u32 *v = (u32 *)arena;
  u64 sum = 0;
  for (u64 pass = 0; pass < passes; pass++) {
    u32 n = 8192;
    for (u32 i = 0; i < n; i++) v[i] = next_random();
    u32 start = n / 2, end = n;
    for (;;) {
      if (start > 0) start--;
      else {
        if (--end == 0) break;
        u32 t = v[end];
        v[end] = v[0], v[0] = t;
      }
      u32 root = start;
      for (u32 child; (child = root * 2 + 1) < end; root = child) {
        if (child + 1 < end && v[child] < v[child + 1]) child++;
        if (v[root] >= v[child]) break;
        u32 t = v[root];
        v[root] = v[child], v[child] = t;
      }
    }
    sum += v[1000];
  }
  return sum;
}

u64 matrix(u64 passes) {
  u32(*a)[64] = (void *)arena, (*b)[64] = (void *)(arena + 16384), (*c)[64] = (void *)(arena + 32768);
  for (u64 pass = 0; pass < passes; pass++)
    for (int i = 0; i < 64; i++)
      for (int k = 0; k < 64; k++) {
        u32 sum = 0;
        for (int j = 0; j < 64; j++) sum += a[i][j] * b[j][k];
        c[i][k] = sum;
      }
  return c[3][5];
}

static u64 chase(u64 passes, u32 bytes) {
  u32 n = bytes / 64;
  for (u32 i = 0; i < n; i++) *(void **)(arena + (unsigned long)i * 64) = arena + (unsigned long)((i * 40501u + 1) & (n - 1)) * 64;
  void **at = (void **)arena;
  for (u64 pass = 0; pass < passes; pass++)
    for (u32 i = 0; i < n; i++) at = *at;
  return (u8 *)at - arena;
}
u64 chase_256k(u64 passes) { return chase(passes, 256 << 10); }
u64 chase_8m(u64 passes) { return chase(passes, 8 << 20); }

static __attribute__((noinline, noclone)) u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
u64 fibonacci(u64 passes) {
  u64 sum = 0;
  for (u64 pass = 0; pass < passes; pass++) sum += fib(18);
  return sum;
}

u64 bytecount(u64 passes) {
  u64 count = 0;
  for (u64 pass = 0; pass < passes; pass++)
    for (u32 i = 0; i < 8192; i++) count += arena[i] == (u8)pass;
  return count;
}

u64 statemachine(u64 passes) {
  u64 words = 0;
  for (u64 pass = 0; pass < passes; pass++) {
    int state = 0;
    for (u32 i = 0; i < 4096; i++) {
      u8 c = arena[i];
      switch (state) {
        case 0: state = c < 128 ? 1 : c == 200 ? 3 : 0; break;
        case 1: state = c < 64 ? 2 : c > 250 ? 0 : 1; break;
        case 2: words++, state = c & 1 ? 0 : 3; break;
        default: state = c == 7 ? 3 : 0;
      }
    }
  }
  return words;
}

static __attribute__((noinline)) int compare(const char *x, const char *y) {
  while (*x && *x == *y) x++, y++;
  return (u8)*x - (u8)*y;
}
static __attribute__((noinline)) u64 length(const char *x) {
  const char *at = x;
  while (*at) at++;
  return at - x;
}
u64 strings(u64 passes) {
  char *x = (char *)arena, *y = (char *)arena + 4096;
  for (int i = 0; i < 400; i++) x[i] = y[i] = 'a' + i % 26;
  x[400] = y[400] = 0;
  u64 sum = 0;
  for (u64 pass = 0; pass < passes; pass++) {
    y[350] = (char)pass | 1;
    sum += compare(x, y) + length(x + pass % 100);
  }
  return sum;
}

/* Counts of points of the Mandelbrot set: double precision. */
u64 mandelbrot(u64 passes) {
  u64 inside = 0;
  for (u64 pass = 0; pass < passes; pass++)
    for (int row = 0; row < 32; row++)
      for (int column = 0; column < 32; column++) {
        double cx = column * (3.0 / 32) - 2.25, cy = row * (2.5 / 32) - 1.25, x = 0, y = 0;
        int turn = 0;
        for (; turn < 100; turn++) {
          double xx = x * x, yy = y * y;
          if (xx + yy > 4) break;
          y = 2 * x * y + cy;
          x = xx - yy + cx;
        }
        inside += turn == 100;
      }
  return inside;
}

/* Five bodies that attract each other: square roots, divisions and memory accesses. */
u64 nbody(u64 passes) {
  static double at[5][3], speed[5][3], mass[5];
  for (int i = 0; i < 5; i++) {
    mass[i] = 1.0 / (i + 1);
    for (int k = 0; k < 3; k++) at[i][k] = i * 1.5 - k * 0.25 * i, speed[i][k] = 0.125 * (k - 1) * i;
  }
  for (u64 pass = 0; pass < passes; pass++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double d[3], square = 0.01;
        for (int k = 0; k < 3; k++) d[k] = at[i][k] - at[j][k], square += d[k] * d[k];
        double pull = 0.001 / (square * __builtin_sqrt(square));
        for (int k = 0; k < 3; k++) speed[i][k] -= d[k] * mass[j] * pull, speed[j][k] += d[k] * mass[i] * pull;
      }
    for (int i = 0; i < 5; i++)
      for (int k = 0; k < 3; k++) at[i][k] += 0.001 * speed[i][k];
  }
  double sum = 0;
  for (int i = 0; i < 5; i++) sum += at[i][0] + at[i][1] + at[i][2];
  return (u64)(long long)(sum * 1e9);
}

/* y = a x + y on vectors of four numbers of single precision. */
typedef float vector __attribute__((vector_size(16)));
u64 saxpy(u64 passes) {
  static vector x[1024], y[1024];
  for (int i = 0; i < 4096; i++) ((float *)x)[i] = i % 17 * 0.25f, ((float *)y)[i] = i % 13 * 0.5f;
  const vector a = {0.5f, -0.25f, 0.125f, -0.5f};
  for (u64 pass = 0; pass < passes; pass++)
    for (int i = 0; i < 1024; i++) y[i] = a * x[i] + y[i] * 0.5f;
  float sum = 0;
  for (int i = 0; i < 4096; i++) sum += ((float *)y)[i];
  return (u64)(long long)(sum * 1024);
}

void fill(void) {
  for (u32 i = 0; i < sizeof arena / 4; i++) ((u32 *)arena)[i] = next_random();
}

struct kernel {
  const char *name;
  u64 (*run)(u64);
  u64 passes;
};
/* The passes take half a second to a second in QEMU. */
const struct kernel kernels[] = {
    {"fnv1a", fnv1a, 3000},
    {"sha256", sha256, 40000},
    {"sieve", sieve, 200},
    {"heapsort", heapsort, 250},
    {"matrix", matrix, 625},
    {"chase-256k", chase_256k, 14000},
    {"chase-8m", chase_8m, 15},
    {"fibonacci", fibonacci, 10000},
    {"mandelbrot", mandelbrot, 500},
    {"nbody", nbody, 300000},
    {"saxpy", saxpy, 10000},
    {"bytecount", bytecount, 25000},
    {"statemachine", statemachine, 30000},
    {"strings", strings, 200000},
    {0, 0, 0}};
