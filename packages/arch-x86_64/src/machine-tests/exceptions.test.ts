import { VcpuExit } from '@qvm/core/architecture';
import { SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { Flag } from '../state/control-bits.js';
import {
  CODE,
  HANDLERS,
  hex,
  IDT,
  IST1_STACK,
  MachineHarness,
  RAM_BYTES,
  RING0_STACK,
  Selector,
  STACK,
} from './machine-harness.test.helper.js';

/** pop rax; out 0xe9, eax; pop rax; out 0xe9, eax; mov rax, cr2; out 0xe9, eax; hlt */
const LOG_ERROR = hex('58 e7 e9 58 e7 e9 0f 20 d0 e7 e9 f4');
/** mov rax, [rsp]; out 0xe9, eax; hlt */
const LOG_RIP = hex('48 8b 04 24 e7 e9 f4');
/** ud2; mov al, 0x66; out 0xe9, al; hlt */
const UNDEFINED = hex('0f 0b b0 66 e6 e9 f4');

const text = (value: bigint): string => value.toString(16);

describe('exceptions in 64-bit mode', () => {
  it('push RIP of the instruction and return by IRETQ', () => {
    const machine = new MachineHarness();
    // add qword [rsp], 2; mov al, 0x55; out 0xe9, al; iretq
    machine.handler(Vector.UD, hex('48 83 04 24 02 b0 55 e6 e9 48 cf'));
    machine.enterLongMode(UNDEFINED);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [0x55, 0x66]]);
    expect(machine.state.gpr(4)).toBe(BigInt(STACK));
    expect(machine.requests).not.toContainEqual(expect.objectContaining({ kind: 'reset' }));
  });

  it('save the frame of SDM vol. 3, 6.14.2, on an aligned stack', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.UD, hex('f4'));
    machine.enterLongMode(UNDEFINED);
    machine.state.setGpr(4, BigInt(STACK + 8 + 5));
    machine.run();
    const rsp = machine.state.gpr(4);
    expect(rsp).toBe(BigInt(STACK - 40));
    const frame = [0, 1, 2, 3, 4].map((n) => machine.read64(Number(rsp) + n * 8));
    const flags = BigInt(Flag.RF | Flag.Fixed);
    expect(frame).toEqual([BigInt(CODE), BigInt(Selector.code), flags, BigInt(STACK + 13), BigInt(Selector.data)]);
  });

  it('report a page fault with its error code and CR2', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.PF, LOG_ERROR);
    // mov eax, 0x40000000; mov [rax], ebx; hlt. The third gigabyte has the tables of the first, beyond its RAM.
    machine.enterLongMode(hex('b8 00 00 80 00 89 18 f4'));
    machine.run();
    expect(machine.log).toEqual([2, CODE + 5, 0x80_0000]);
  });

  it('are #GP(0) for an address that is not canonical', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, LOG_ERROR);
    // mov rax, 0x800000000000; mov ebx, [rax]; hlt
    machine.enterLongMode(hex('48 b8 00 00 00 00 00 80 00 00 8b 18 f4'));
    machine.run();
    expect(machine.log).toEqual([0, CODE + 10, 0]);
  });

  it('change to the stack of ring 0, with a null SS', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, hex('f4'));
    // mov rax, cr0; hlt
    machine.enterLongMode(hex('0f 20 c0 f4'), 3);
    machine.run();
    const { state } = machine;
    expect([state.cpl, state.selector(SegmentRegister.CS), state.selector(SegmentRegister.SS)]).toEqual([0, 8, 0]);
    expect(state.gpr(4)).toBe(BigInt(RING0_STACK - 48));
    const frame = [0, 1, 2, 3, 4, 5].map((n) => text(machine.read64(RING0_STACK - 48 + n * 8)));
    expect(frame).toEqual(['0', text(BigInt(CODE)), '2b', '10002', text(BigInt(STACK)), '23']);
  });

  it('use the interrupt stack table', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.UD, hex('f4'), { ist: 1 });
    machine.enterLongMode(UNDEFINED);
    machine.run();
    expect(machine.state.gpr(4)).toBe(BigInt(IST1_STACK - 40));
    expect(machine.state.selector(SegmentRegister.SS)).toBe(Selector.data);
  });

  it('become a double fault when the gate is not present', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.DF, LOG_ERROR);
    machine.enterLongMode(UNDEFINED);
    // #UD finds no gate: #NP is taken after a benign exception, and finds none either: #DF.
    machine.run();
    expect(machine.log).toEqual([0, CODE, 0]);
  });

  it('tell the selector of a missing gate, with the bits IDT and EXT', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, LOG_ERROR);
    machine.enterLongMode(UNDEFINED);
    // A gate of type 0 is #GP.
    machine.run();
    expect(machine.log[0]).toBe(Vector.UD * 8 + 2 + 1);
  });

  it('shut the machine down by a triple fault, with a report', () => {
    const machine = new MachineHarness();
    machine.enterLongMode(UNDEFINED);
    expect(machine.run()).toBe(VcpuExit.Stop);
    const start =
      'vCPU 0 shuts down at 0x10000 by a triple fault: invalid opcode, general protection, double fault, general protection; none of them can be delivered. Registers: rip 0x10000 rflags 0x2 cs 0x8 ss 0x10 ds';
    expect(machine.requests).toEqual([{ kind: 'reset', fault: expect.stringContaining(start) }]);
    const { fault = '' } = machine.requests[0] as { readonly fault?: string };
    expect(fault).toMatch(/ r15 0x0, cr0 0x80010031 cr2 0x0 cr3 0x1000 cr4 0x2a0 efer 0xd01, .* idtr\.limit 0xfff /);
  });
});

describe('software interrupts', () => {
  it('need the permission of the gate', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, LOG_ERROR);
    // mov rax, rsp; out 0xe9, eax; mov rax, [rsp+8]; out; mov rax, [rsp+32]; out; iretq
    machine.handler(0x80, hex('48 89 e0 e7 e9 48 8b 44 24 08 e7 e9 48 8b 44 24 20 e7 e9 48 cf'), { dpl: 3 });
    machine.handler(0x81, hex('f4'));
    // int 0x80; mov eax, 0x99; int 0x81
    machine.enterLongMode(hex('cd 80 b8 99 00 00 00 cd 81'), 3);
    machine.run();
    const fault = [0x81 * 8 + 2, CODE + 7, 0];
    expect(machine.log).toEqual([RING0_STACK - 40, Selector.userCode, Selector.userData, ...fault]);
  });

  it('return after INT3', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.BP, LOG_RIP);
    machine.enterLongMode(hex('90 cc f4'));
    machine.run();
    expect(machine.log).toEqual([CODE + 2]);
  });

  it('keep interrupts on through a trap gate', () => {
    const machine = new MachineHarness();
    machine.handler(0x80, hex('f4'), { trap: true });
    machine.handler(0x81, hex('f4'));
    for (const [vector, flag] of [[0x80, Flag.IF] as const, [0x81, 0] as const]) {
      machine.enterLongMode([0xcd, vector]);
      machine.state.rflags = Flag.IF | Flag.Fixed;
      machine.vcpu.processor.core.jump(CODE);
      machine.vcpu.control.wake();
      machine.run();
      expect(machine.state.systemFlags & Flag.IF).toBe(flag);
    }
  });
});

describe('hooks of exceptions', () => {
  it('may handle them', () => {
    const machine = new MachineHarness();
    const seen: unknown[] = [];
    machine.vcpu.hooks.trap.for('invalidOpcode').tap('test', ({ syndrome, pc }) => {
      seen.push(syndrome, pc);
      return 'handled';
    });
    machine.enterLongMode(UNDEFINED);
    machine.run();
    expect([machine.log, seen]).toEqual([[0x66], [Vector.UD << 24, BigInt(CODE)]]);
  });

  it('see memory faults, counted by cause', () => {
    const machine = new MachineHarness();
    const addresses: bigint[] = [];
    machine.handler(Vector.PF, hex('f4'));
    machine.vcpu.hooks.memoryFault.tap('test', ({ address }) => void addresses.push(address));
    machine.enterLongMode(hex('b8 00 00 80 00 89 18 f4'));
    machine.run();
    expect(addresses).toEqual([0x80_0000n]);
    expect(machine.vcpu.exits.counts()).toMatchObject({ pageFault: 1, halt: 1 });
  });
});

it('has its tables where the tests expect them', () => {
  const machine = new MachineHarness();
  machine.handler(3, hex('f4'));
  expect(text(machine.read64(IDT + 48))).toBe(text((0x8en << 40n) | (8n << 16n) | BigInt(HANDLERS + 192)));
  expect(machine.state.u32(State.cpl)).toBe(0);
});

describe('the last exception in statistics', () => {
  it('has its instruction and its reason', () => {
    const lastOf = (code: string, vector: Vector): unknown => {
      const machine = new MachineHarness();
      machine.handler(vector, hex('f4'));
      machine.enterLongMode(hex(code));
      machine.run();
      const { vcpus } = machine.machine.stats() as { vcpus: { faults: { last: unknown } }[] };
      return vcpus[0]?.faults.last;
    };
    expect(lastOf('0f 0b', Vector.UD)).toMatchObject({
      exception: 'invalid opcode',
      text: 'at 0x10000, CPL 0: ud2: #UD',
    });
    // mov eax, 0x40; mov ds, eax: beyond the limit of the GDT
    expect(lastOf('b8 40 00 00 00 8e d8', Vector.GP)).toMatchObject({
      exception: 'general protection',
      text: expect.stringMatching(/^at 0x10005, CPL 0: mov ds,e?ax: #GP\(0x40\)$/) as string,
    });
    // mov eax, 0x800000; mov [rax], ebx
    expect(lastOf('b8 00 00 80 00 89 18', Vector.PF)).toMatchObject({
      address: '0x800000',
      text: 'at 0x10005, CPL 0: mov DWORD PTR [rax],ebx: #PF, a write (no mapping) of 0x800000',
    });
  });
});

describe('HLT with interrupts off', () => {
  const REPORT =
    'halted with interrupts off before 0x10002: only an NMI or INIT would continue it. Registers: rip 0x10002';

  it('ends the VM if no vCPU goes on, with a report', () => {
    const machine = new MachineHarness();
    machine.enterLongMode(hex('fa f4'));
    expect(machine.run()).toBe(VcpuExit.Halted);
    const reason = expect.stringContaining(`vCPU 0 ${REPORT}`) as string;
    expect(machine.requests).toEqual([{ kind: 'terminate', exitCode: 5, reason }]);
    expect(machine.messages).toEqual([]);
  });

  it('is a warning while another vCPU may send an NMI', () => {
    const machine = new MachineHarness(2);
    machine.machine.vcpus[1]?.start();
    machine.enterLongMode(hex('fa f4'));
    expect(machine.run()).toBe(VcpuExit.Halted);
    expect(machine.requests).toEqual([]);
    expect(machine.messages).toEqual([expect.stringContaining(`vCPU 0 ${REPORT}`)]);
  });

  it('is none while interrupts are on, or an NMI waits', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.NMI, hex('b0 77 e6 e9 48 cf'));
    // sti; hlt; nop
    machine.enterLongMode(hex('fb f4 90'));
    expect(machine.run()).toBe(VcpuExit.Halted);
    expect([machine.requests, machine.messages]).toEqual([[], []]);
    expect(machine.vcpu.haltedForGood).toBe(false);
  });
});

describe.each(['interp', 'wasm'] as const)('instructions of more than 15 bytes, engine %s', (engine) => {
  /** Vector, error code and RIP of the exception of some bytes at an address. */
  function exceptionOf(at: number, bytes: readonly number[]): readonly number[] {
    const machine = new MachineHarness(1, engine);
    for (const vector of [Vector.UD, Vector.GP, Vector.PF]) {
      const number = [0xb0, vector, 0xe6, 0xe9];
      machine.handler(vector, vector === Vector.UD ? [...number, ...LOG_RIP] : [...number, ...LOG_ERROR]);
    }
    machine.enterLongMode([]);
    machine.write(at, bytes);
    machine.vcpu.processor.core.jump(at);
    machine.run();
    return machine.log.slice(0, 3);
  }
  const prefixes = (count: number): number[] => Array.from({ length: count }, () => 0x66);

  it.each([
    ['15 prefixes', [...prefixes(15), 0x90], [Vector.GP, 0, CODE]],
    ['an opcode that ends after 15 bytes', [...prefixes(14), 0x0f, 0x1f, 0xc0], [Vector.GP, 0, CODE]],
    ['an opcode that does not exist, after 15 bytes', [...prefixes(14), 0x0f, 0x0b], [Vector.GP, 0, CODE]],
    ['UD2 of 15 bytes', [...prefixes(13), 0x0f, 0x0b], [Vector.UD, CODE]],
  ] as const)('raise #GP: %s', (_, bytes, expected) => {
    expect(exceptionOf(CODE, [...bytes, 0xf4])).toEqual(expected);
  });

  /** The first address that is not mapped. */
  const end = RAM_BYTES;

  // As an AMD processor of family 26 does; QEMU fetches the sixteenth byte.
  it.each([13, 14, 15, 16, 17])('need no byte after the fifteenth: %i prefixes at the end of memory', (count) => {
    const at = end - count;
    expect(exceptionOf(at, prefixes(count))).toEqual(count < 15 ? [Vector.PF, 0x10, at] : [Vector.GP, 0, at]);
  });
});
