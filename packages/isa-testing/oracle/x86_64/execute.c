/* Executes single instructions of user mode on this processor. Reads cases from standard input, writes results to
 * standard output: see ../../src/x86_64/case.ts. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE ((uint8_t *)0x10000000)
#define DATA ((uint8_t *)0x20000000)
#define CASE ((uint8_t *)0x30000000)
#define INSTRUCTION 0x800
#define WINDOW 256

extern const uint8_t stub_begin[], stub_end[];
static sigjmp_buf back;

static uint32_t mxcsr;

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)info;
  mxcsr = ((ucontext_t *)context)->uc_mcontext.fpregs->mxcsr;
  siglongjmp(back, number);
}

static void *at(void *address, size_t bytes, int protection) {
  void *got = mmap(address, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (got == MAP_FAILED) perror("mmap");
  return got;
}

struct input {
  uint8_t length, bytes[15];
  uint64_t registers[17]; /* RAX … R15, RFLAGS */
  uint8_t vectors[2][256]; /* XMM0 … XMM15, the upper halves of YMM0 … YMM15 */
  uint8_t x87[160];       /* the first bytes of an image of FXSAVE, with MXCSR */
  uint8_t data[WINDOW];   /* in the middle of the first page of data */
} __attribute__((packed));

struct output {
  uint8_t signal;
  uint64_t registers[17];
  uint8_t vectors[2][256];
  uint8_t x87[160];
  uint8_t data[WINDOW];
} __attribute__((packed));

int main(void) {
  at(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
  at(DATA, 8192, PROT_READ | PROT_WRITE);
  at(CASE, 4096, PROT_READ | PROT_WRITE);
  static uint8_t signal_stack[65536];
  stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
  int signals[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  memcpy(CODE, stub_begin, stub_end - stub_begin);
  struct input in;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    struct output out = {0};
    memset(CODE + INSTRUCTION, 0x90, 16);
    memcpy(CODE + INSTRUCTION, in.bytes, in.length);
    memset(DATA, 0, 8192);
    memcpy(DATA + 2048, in.data, WINDOW);
    memcpy(CASE, in.registers, sizeof in.registers);
    memcpy(CASE + 0x300, in.vectors[0], sizeof in.vectors[0]);
    memcpy(CASE + 0xa00, in.vectors[1], sizeof in.vectors[1]);
    memcpy(CASE + 0x600, in.x87, sizeof in.x87);
    int number = sigsetjmp(back, 1);
    if (number == 0) ((void (*)(void))CODE)();
    out.signal = number;
    if (number == SIGFPE) memcpy(out.x87 + 24, &mxcsr, sizeof mxcsr);
    if (number == 0) {
      memcpy(out.registers, CASE + 0x100, sizeof out.registers);
      memcpy(out.vectors[0], CASE + 0x400, sizeof out.vectors[0]);
      memcpy(out.vectors[1], CASE + 0xb00, sizeof out.vectors[1]);
      memcpy(out.x87, CASE + 0x800, sizeof out.x87);
    }
    memcpy(out.data, DATA + 2048, WINDOW);
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
