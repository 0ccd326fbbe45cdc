/* Executes programs on the processor of this machine: see record-user-programs.mjs. Standard input has a line for each:
 * RFLAGS and the code, in hexadecimal. Standard output gets a line of its exceptions: vector, `s` for a single step, error
 * code and offset of the saved RIP. A #DB continues the program, all others end it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE 4096
#define MOST 64
#define DEBUG 1

static unsigned char *code, *data, *stack;
static sigjmp_buf end;
static volatile unsigned long wanted;
static struct { long vector, error, offset, step; } events[MOST];
static volatile int count;

static void clear_alignment_check(void) {
  __asm__ volatile("pushfq; andq $~0x40000, (%%rsp); popfq" ::: "memory", "cc");
}

/* Enters the program. */
static void enter(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  (void)number, (void)info;
  for (int n = REG_R8; n <= REG_RCX; n++) registers[n] = 0;
  registers[REG_RDI] = (greg_t)data;
  registers[REG_RSI] = (greg_t)data + 0x100;
  registers[REG_RBP] = (greg_t)data + 0x200;
  registers[REG_R8] = (greg_t)data + PAGE;
  registers[REG_RCX] = 3;
  registers[REG_RSP] = (greg_t)stack + PAGE / 2;
  registers[REG_RIP] = (greg_t)code;
  registers[REG_EFL] = wanted;
}

static void note(int number, siginfo_t *info, void *context) {
  clear_alignment_check();
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  (void)number;
  if (count < MOST) {
    events[count].vector = registers[REG_TRAPNO];
    events[count].error = registers[REG_ERR];
    events[count].offset = registers[REG_RIP] - (greg_t)code;
    events[count].step = registers[REG_TRAPNO] == DEBUG && info->si_code == TRAP_TRACE;
    count++;
  }
  if (registers[REG_TRAPNO] != DEBUG || count == MOST) siglongjmp(end, 1);
}

static unsigned char *pages(int protection) {
  unsigned char *first = mmap(NULL, 2 * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (first == MAP_FAILED || munmap(first + PAGE, PAGE)) exit(1);
  return first;
}

int main(void) {
  static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
  stack_t other = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
  char line[512];
  sigaltstack(&other, NULL);
  action.sa_sigaction = note;
  for (unsigned n = 0; n < sizeof signals / sizeof *signals; n++) sigaction(signals[n], &action, NULL);
  action.sa_sigaction = enter;
  sigaction(SIGUSR1, &action, NULL);
  code = pages(PROT_READ | PROT_WRITE | PROT_EXEC);
  data = pages(PROT_READ | PROT_WRITE);
  stack = pages(PROT_READ | PROT_WRITE);
  while (fgets(line, sizeof line, stdin)) {
    char *at = line;
    unsigned byte;
    int length = 0, used;
    wanted = strtoul(at, &at, 16);
    memset(code, 0xcc, PAGE);
    memset(data, 0, PAGE);
    while (sscanf(at, " %2x%n", &byte, &used) == 1) code[length++] = byte, at += used;
    count = 0;
    if (!sigsetjmp(end, 1)) raise(SIGUSR1);
    clear_alignment_check();
    for (int n = 0; n < count; n++)
      printf("%s%ld%s/%ld@%ld", n ? " " : "", events[n].vector, events[n].step ? "s" : "", events[n].error,
             events[n].offset);
    printf("\n");
  }
  return 0;
}
