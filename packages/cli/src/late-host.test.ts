import { assemble } from '@qvm/asm-x86_64';
import { createHypervisor } from '@qvm/sdk';
import { elfProgram } from '@qvm/testing';

/*
 * Linux finds out whether its timer interrupts (timer_irq_works): it counts five of them while it reads the time-stamp counter, and
 * gives up after 40 of their periods. A host that gives the VM no processor for longer than that must not make it fail.
 */

const ORIGIN = 0x10_0000;
const COM1 = 0x3f8;
/** 250 Hz, for a PIT with 1.193182 MHz. */
const DIVISOR = 4773;
const PERIODS_NS = 160_000_000;
const STALL_NS = 400_000_000;

/** Prints "S" at the start, then "+" when the interrupts came, or "-" and the number of those that came. */
const PROGRAM = `
    lea rsp, [rip + stack_end]
    lea rdi, [rip + idt + 16 * 0x30]
    lea rax, [rip + tick]
    mov [rdi], ax
    mov dword ptr [rdi + 4], 0x8e00
    mov ecx, cs
    mov [rdi + 2], cx
    shr rax, 16
    mov [rdi + 6], ax
    lidt [rip + idt_register]
    mov al, 0xff
    out 0x21, al
    out 0xa1, al
    mov ebx, 0xfee00000
    mov dword ptr [rbx + 0xf0], 0x1ff
    mov ebx, 0xfec00000
    mov dword ptr [rbx], 0x15
    mov dword ptr [rbx + 0x10], 0
    mov dword ptr [rbx], 0x14        // GSI 2
    mov dword ptr [rbx + 0x10], 0x30
    mov al, 0x34                     // counter 0, mode 2
    out 0x43, al
    mov al, ${DIVISOR & 0xff}
    out 0x40, al
    mov al, ${DIVISOR >> 8}
    out 0x40, al
    mov edx, ${COM1}
    mov al, 'S'
    out dx, al
    xor r15d, r15d
    sti
    rdtsc
    mov r8d, eax
1:  pause
    cmp r15d, 5
    jae 2f
    rdtsc
    sub eax, r8d
    cmp eax, ${PERIODS_NS}
    jb 1b
    cli
    mov edx, ${COM1}
    mov al, '-'
    out dx, al
    lea eax, [r15 + '0']
    jmp 3f
2:  cli
    mov edx, ${COM1}
    mov al, '+'
3:  out dx, al
    mov edx, 0x604                   // power off
    mov eax, 0x2000
    out dx, ax
    hlt
tick:
    inc r15d
    push rbx
    mov ebx, 0xfee00000
    mov dword ptr [rbx + 0xb0], 0
    pop rbx
    iretq
    .balign 8
idt_register:
    .short 0xfff
    .quad idt
    .balign 16
idt:
    .space 4096
    .space 4096
stack_end:
`;

/** A host that takes the processor away once, when the guest has begun to count. */
async function outputOf(stall: number): Promise<string> {
  let [stalled, output] = [0, ''];
  const host = (): number => performance.now() * 1e6 + stalled;
  const { bytes } = assemble(PROGRAM, { origin: ORIGIN });
  const hypervisor = createHypervisor();
  try {
    const image = { name: 'program', bytes: elfProgram('x86_64', ORIGIN, bytes) };
    const vm = await hypervisor.createVm(
      { name: 'late', image, ram: [{ size: '16M' }] },
      { clock: { kind: 'real-time', host } },
    );
    vm.console.onOutput((text) => {
      if (output === '') stalled = stall;
      output += new TextDecoder().decode(text);
    });
    await vm.start();
    expect(await vm.exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    return output;
  } finally {
    await hypervisor.dispose();
  }
}

describe("Linux' test of its timer", () => {
  it.each([0, STALL_NS])('passes with a host that is late by %d ns', async (stall) => {
    expect(await outputOf(stall)).toBe('S+');
  });
});
