import { assemble } from '@qvm/asm-aarch64';
import { LinuxGuest } from './linux-guest.test.helper.js';

/** A debugger in an unmodified Linux guest uses the CPU's breakpoints and watchpoints through ptrace. */

const BASE = 0x40_0000;

/**
 * Traces a child: sets a watchpoint on a variable, then a breakpoint after the write. Prints W for a stop at the
 * watched address before the write, B for a stop at the breakpoint after the write, E for the child's end, and ?
 * otherwise.
 */
const DEBUGGER = `
.equ SYS_WRITE, 64
.equ SYS_EXIT, 93
.equ SYS_PTRACE, 117
.equ SYS_KILL, 129
.equ SYS_GETPID, 172
.equ SYS_CLONE, 220
.equ SYS_WAIT4, 260
.equ SIGCHLD, 17
.equ SIGSTOP, 19
.equ PTRACE_TRACEME, 0
.equ PTRACE_PEEKDATA, 2
.equ PTRACE_CONT, 7
.equ PTRACE_GETSIGINFO, 0x4202
.equ PTRACE_SETREGSET, 0x4205
.equ NT_ARM_HW_BREAK, 0x402
.equ NT_ARM_HW_WATCH, 0x403
.equ STOPPED_BY_TRAP, 0x57f
.equ WATCH_STORES, (0xff << 5) | (2 << 3) | 1
.equ BREAK, (0xf << 5) | 1

header:                         // Elf64_Ehdr and one Elf64_Phdr: PT_LOAD, readable, writable, executable
  .byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0
  .quad 0
  .hword 2, 183
  .word 1
  .quad start, 64, 0
  .word 0
  .hword 64, 56, 1, 64, 0, 0
  .word 1, 7
  .quad 0, ${BASE}, ${BASE}
  .quad end_of_program - header, 0x10000, 0x10000

start:
  mov x0, #SIGCHLD
  mov x1, #0
  mov x2, #0
  mov x3, #0
  mov x4, #0
  mov x8, #SYS_CLONE
  svc #0
  cbz x0, child
  mov x19, x0
  bl wait                       // stopped by itself
  mov x0, #NT_ARM_HW_WATCH
  adr x1, variable
  ldr x2, =WATCH_STORES
  bl arm
  mov w0, #'W'
  adr x1, variable
  mov x2, #0
  bl continue_to
  mov x0, #NT_ARM_HW_WATCH
  adr x1, variable
  mov x2, #0
  bl arm
  mov x0, #NT_ARM_HW_BREAK
  adr x1, target
  ldr x2, =BREAK
  bl arm
  mov w0, #'B'
  adr x1, target
  mov x2, #42
  bl continue_to
  mov x0, #NT_ARM_HW_BREAK
  adr x1, target
  mov x2, #0
  bl arm
  bl continue
  adr x1, status
  ldr w1, [x1]
  mov w0, #'E'
  cmp w1, #7 << 8               // ended with 7
  bl print
  mov x0, #0
  mov x8, #SYS_EXIT
  svc #0

child:
  mov x0, #PTRACE_TRACEME
  bl ptrace
  mov x8, #SYS_GETPID
  svc #0
  mov x1, #SIGSTOP
  mov x8, #SYS_KILL
  svc #0
  adr x1, variable
  mov x2, #42
  str x2, [x1]
target:
  mov x0, #7
  mov x8, #SYS_EXIT
  svc #0

// Sets the first register pair of a kind (x0): address x1, control x2.
arm:
  adr x3, registers
  str x1, [x3, #8]
  str w2, [x3, #16]
  mov x2, x0
  mov x0, #PTRACE_SETREGSET
  mov x1, x19
  adr x3, vector
  b ptrace

// Runs the child until it stops, and prints w0 if it stopped because of address x1 with x2 in the variable.
continue_to:
  mov x20, x30
  mov x21, x0
  mov x22, x1
  mov x23, x2
  bl continue
  mov x0, #PTRACE_GETSIGINFO
  mov x1, x19
  mov x2, #0
  adr x3, information
  bl ptrace
  mov x0, #PTRACE_PEEKDATA
  mov x1, x19
  adr x2, variable
  adr x3, value
  bl ptrace
  adr x1, status
  ldr w4, [x1]
  ldr w5, =STOPPED_BY_TRAP
  adr x1, information
  ldr x6, [x1, #16]             // si_addr
  adr x1, value
  ldr x7, [x1]
  mov x0, x21
  cmp w4, w5
  ccmp x6, x22, #0, eq
  ccmp x7, x23, #0, eq
  mov x30, x20
// Prints w0 if the flags say equal, otherwise a question mark.
print:
  mov w1, #'?'
  csel w0, w0, w1, eq
  adr x1, value
  strb w0, [x1]
  mov x0, #1
  mov x2, #1
  mov x8, #SYS_WRITE
  svc #0
  ret

continue:
  mov x24, x30
  mov x0, #PTRACE_CONT
  mov x1, x19
  mov x2, #0
  mov x3, #0
  bl ptrace
  mov x30, x24
wait:
  mov x0, x19
  adr x1, status
  mov x2, #0
  mov x3, #0
  mov x8, #SYS_WAIT4
  svc #0
  ret

ptrace:
  mov x8, #SYS_PTRACE
  svc #0
  ret

.ltorg
.balign 8
variable: .quad 0
value: .quad 0
status: .quad 0
vector: .quad registers, 24
registers: .quad 0, 0, 0
information: .quad 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
end_of_program:
`;

/** Bytes in the notation of the shell's printf. */
const octal = (bytes: Uint8Array): string => [...bytes].map((byte) => `\\${byte.toString(8)}`).join('');

describe('a debugger in a Linux guest', () => {
  let guest: LinuxGuest;

  beforeAll(async () => {
    guest = await LinuxGuest.boot({});
  });

  afterAll(() => guest.stop());

  it('is told of as many breakpoints and watchpoints as there are', async () => {
    expect(await guest.run('dmesg | grep hw-breakpoint')).toMatch(/found 2 breakpoint and 2 watchpoint registers/);
  });

  it('stops a child where it writes, and where it comes', async () => {
    const { bytes } = assemble(DEBUGGER, { origin: BASE });
    for (let at = 0; at < bytes.length; at += 128) {
      await guest.run(`printf '${octal(bytes.subarray(at, at + 128))}' >>/tmp/debugger`);
    }
    expect(await guest.run('chmod +x /tmp/debugger; /tmp/debugger')).toBe('WBE');
  });
});
