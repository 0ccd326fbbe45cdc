/* Says how this processor decodes byte strings: standard input has strings of 15 bytes, standard output gets a byte for
 * each: the length of the instruction, or 0 if it raises #UD.
 *
 * The first k bytes of a string stand at the end of a page, after which nothing is mapped, and a traced process makes
 * one step there. As long as the instruction is longer than k, its fetch faults at the end of the page. System calls
 * are not executed (PTRACE_SYSEMU_SINGLESTEP). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CODE 0x10000000ul
#define PAGE 4096ul
#define LONGEST 15
#define STACK 0x20000000ul

static uint8_t *code; /* the page, as it can be written here */

static void fail(const char *text) {
  perror(text);
  exit(1);
}

static pid_t start(int file, struct user_regs_struct *first) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    if (mmap((void *)CODE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) fail("mmap");
    if (mmap((void *)STACK, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
      fail("mmap");
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) fail("waitpid");
  if (ptrace(PTRACE_GETREGS, child, 0, first)) fail("PTRACE_GETREGS");
  return child;
}

static void end(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

int main(void) {
  int file = memfd_create("code", 0);
  if (file < 0 || ftruncate(file, PAGE)) fail("memfd_create");
  code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (code == MAP_FAILED) fail("mmap");
  struct user_regs_struct first;
  pid_t child = start(file, &first);
  uint8_t bytes[LONGEST];
  while (fread(bytes, sizeof bytes, 1, stdin) == 1) {
    int result = -1;
    for (int k = 1; k <= LONGEST && result < 0; k++) {
      memcpy(code + PAGE - k, bytes, k);
      struct user_regs_struct registers = first;
      registers.rax = registers.rbx = registers.rcx = registers.rdx = registers.rsi = registers.rdi = 0;
      registers.rbp = registers.r8 = registers.r9 = registers.r10 = registers.r11 = registers.r12 = 0;
      registers.r13 = registers.r14 = registers.r15 = 0;
      registers.orig_rax = -1;
      registers.rsp = STACK + PAGE / 2;
      registers.rip = CODE + PAGE - k;
      registers.eflags = 0x202;
      int status;
      if (ptrace(PTRACE_SETREGS, child, 0, &registers) || ptrace(PTRACE_SYSEMU_SINGLESTEP, child, 0, 0))
        fail("ptrace");
      if (waitpid(child, &status, 0) != child) fail("waitpid");
      if (!WIFSTOPPED(status)) {
        /* The instruction ended the process: it exists. */
        child = start(file, &first);
        result = k;
        break;
      }
      siginfo_t info;
      int number = WSTOPSIG(status);
      if (number == SIGSEGV && ptrace(PTRACE_GETSIGINFO, child, 0, &info) == 0 &&
          (uint64_t)info.si_addr == CODE + PAGE)
        continue;
      result = number == SIGILL ? 0 : k;
    }
    putchar(result < 0 ? 255 : result);
  }
  end(child);
  return 0;
}
