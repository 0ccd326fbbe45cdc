/*
 * Runs the kernels and reports each on COM1: "BENCH name seconds", then "CHECK name value"; powers off at the end. An exception stops the
 * machine, because there are no handlers.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
struct kernel {
  const char *name;
  u64 (*run)(u64);
  u64 passes;
};
extern const struct kernel kernels[];
void fill(void);

static void out(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static u64 timestamp(void) {
  u32 low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

/* The quotient of `dividend` by `divisor`: 32-bit code has no instruction for it, and there is no library. */
static u64 divided(u64 dividend, u32 divisor, u32 *remainder) {
  u32 high = dividend >> 32, low = dividend, quotient = high / divisor;
  high %= divisor;
  __asm__("divl %2" : "+a"(low), "+d"(high) : "r"(divisor) : "cc");
  *remainder = high;
  return (u64)quotient << 32 | low;
}

enum { COM1 = 0x3f8, PIT = 0x40, PIT_MODE = 0x43, SPEAKER = 0x61, PM1_CONTROL = 0x604 };

static void put(char c) {
  while (!(in(COM1 + 5) & 0x20)) {
  }
  out(COM1, c);
}
static void print(const char *text) {
  while (*text) put(*text++);
}
static void print_hex(u64 value) {
  for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[value >> i & 15]);
}
static void print_seconds(u64 microseconds) {
  char digits[24];
  int n = 0;
  while (microseconds || n < 7) {
    u32 digit;
    microseconds = divided(microseconds, 10, &digit);
    digits[n++] = '0' + digit;
  }
  while (n) {
    if (n == 6) put('.');
    put(digits[--n]);
  }
}

/*
 * Cycles of the time-stamp counter in a second, from 20 ms of counter 2 of the PIT, which counts 1193182 times a second. Interruptions
 * by the host only make the measured time longer, so the least of several is right.
 */
static u64 frequency(void) {
  const u32 count = 1193182 / 50;
  u64 least = ~0ull;
  for (int i = 0; i < 4; i++) {
    u64 start = timestamp();
    out(SPEAKER, (in(SPEAKER) & ~2) | 1);
    out(PIT_MODE, 0xb0);
    out(PIT + 2, count & 255);
    out(PIT + 2, count >> 8);
    while (!(in(SPEAKER) & 0x20)) {
    }
    u64 cycles = timestamp() - start;
    if (cycles < least) least = cycles;
  }
  return least * 50;
}

void main(void) {
  u32 rest, kilohertz = divided(frequency(), 1000, &rest);
  fill();
  // Firmware may have left the cursor in a line.
  put('\n');
  for (const struct kernel *k = kernels; k->name; k++) {
    u64 passes = divided(k->passes, DIVISOR, &rest);
    u64 start = timestamp();
    u64 value = k->run(passes ? passes : 1);
    u64 cycles = timestamp() - start;
    print("BENCH ");
    print(k->name);
    put(' ');
    print_seconds(divided(cycles * 1000, kilohertz, &rest));
    print("\nCHECK ");
    print(k->name);
    put(' ');
    print_hex(value);
    put('\n');
  }
  out16(PM1_CONTROL, 0x2000);
}
