/* Runs the kernels and reports each on COM1: "KERNEL name" before it, "RESULT value" after it, "DONE" at the end. */
typedef unsigned char u8;
typedef unsigned long u64;
struct kernel {
  const char *name;
  u64 (*run)(u64);
  u64 passes;
};
extern const struct kernel kernels[];
void fill(void);

static void out(unsigned short port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in(unsigned short port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static void put(char c) {
  while (!(in(0x3fd) & 0x20)) {
  }
  out(0x3f8, c);
}
static void print(const char *text) {
  while (*text) put(*text++);
}
static void print_hex(u64 value) {
  for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[value >> i & 15]);
}

void main(void) {
  fill();
  for (const struct kernel *k = kernels; k->name; k++) {
    print("KERNEL "), print(k->name), print("\n");
    u64 result = k->run(k->passes);
    print("RESULT "), print_hex(result), print("\n");
  }
  print("DONE\n");
  out(0xcf9, 6); /* reset */
  for (;;) __asm__ volatile("hlt");
}
