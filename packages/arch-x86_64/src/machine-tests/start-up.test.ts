import { VmExitCode } from '@qvm/core';
import { CODE, hex, MachineHarness } from './machine-harness.test.helper.js';

/** Page of the code at which the start-up message lets a vCPU begin, its descriptor table, and a counter. */
const [START, TABLE, COUNTER] = [0x9000, 0x9200, 0x800];
const TURNS = 200;
const TURN = 50;

/**
 * Real-address mode to 64-bit mode, then the APIC's number to the log and one more in the counter:
 *
 *     cli; lgdt [0x9180]; mov eax, cr0; or eax, 1; mov cr0, eax; jmp dword 8:0x9019
 *     mov ax, 16; mov ds, ax; mov ss, ax
 *     mov eax, cr4; or eax, 0x20; mov cr4, eax; mov eax, 0x1000; mov cr3, eax
 *     mov ecx, 0xc0000080; rdmsr; or eax, 0x100; wrmsr
 *     mov eax, cr0; or eax, 0x80000000; mov cr0, eax; jmp 24:0x9052
 *     mov ecx, 0x1b; rdmsr; or eax, 0xc00; wrmsr; mov ecx, 0x802; rdmsr; out 0xe9, eax
 *     lock inc dword [0x800]; hlt
 */
const APPLICATION = hex(
  [
    'fa 66 0f 01 16 80 91 0f 20 c0 66 83 c8 01 0f 22 c0 66 ea 19 90 00 00 08 00',
    '66 b8 10 00 8e d8 8e d0 0f 20 e0 83 c8 20 0f 22 e0 b8 00 10 00 00 0f 22 d8',
    'b9 80 00 00 c0 0f 32 0d 00 01 00 00 0f 30 0f 20 c0 0d 00 00 00 80 0f 22 c0 ea 52 90 00 00 18 00',
    'b9 1b 00 00 00 0f 32 0d 00 0c 00 00 0f 30 b9 02 08 00 00 0f 32 e7 e9 f0 ff 04 25 00 08 00 00 f4',
  ].join(' '),
);
/**
 * INIT and start-up to all others by x2APIC, then a wait for the counter:
 *
 *     mov ecx, 0x1b; rdmsr; or eax, 0xc00; wrmsr
 *     mov ecx, 0x830; mov edx, -1; mov eax, 0xc4500; wrmsr; mov eax, 0xc4609; wrmsr
 *     again: pause; cmp dword [0x800], 3; jne again; mov eax, 0x55; out 0xe9, eax; hlt
 */
const BOOTSTRAP = hex(
  [
    'b9 1b 00 00 00 0f 32 0d 00 0c 00 00 0f 30 b9 30 08 00 00 ba ff ff ff ff b8 00 45 0c 00 0f 30 b8 09 46 0c 00 0f 30',
    'f3 90 83 3c 25 00 08 00 00 03 75 f4 b8 55 00 00 00 e7 e9 f4',
  ].join(' '),
);

describe('start-up messages', () => {
  it.each(['interp', 'wasm'] as const)('bring vCPUs from real-address to 64-bit mode, with the engine %s', (engine) => {
    const machine = new MachineHarness(4, engine);
    machine.enterLongMode(BOOTSTRAP);
    machine.write(START, APPLICATION);
    // Limit and base; then null, code of 32 bits, data, code of 64 bits.
    machine.write(START + 0x180, hex('1f 00 00 92 00 00'));
    [0n, 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn, 0x00af_9b00_0000_ffffn].forEach((descriptor, n) =>
      machine.write64(TABLE + n * 8, descriptor),
    );
    const { vcpus } = machine.machine;
    for (let turn = 0; turn < TURNS; turn++) for (const vcpu of vcpus) if (vcpu.hasWork()) vcpu.run(TURN);
    // All have halted, with interrupts off.
    expect(machine.requests).toEqual([
      {
        kind: 'terminate',
        exitCode: VmExitCode.Unsupported,
        reason: expect.stringContaining('vCPU 0 halted with interrupts off') as string,
      },
    ]);
    expect([...machine.log].sort((x, y) => x - y)).toEqual([1, 2, 3, 0x55]);
    expect(machine.read64(COUNTER) & 0xffff_ffffn).toBe(3n);
    expect(vcpus.map(({ pc }) => pc >= BigInt(CODE))).toEqual([true, false, false, false]);
  });
});
