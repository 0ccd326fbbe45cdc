import { Gpr, State, Vector } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import { CODE, hex, MachineHarness } from './machine-harness.test.helper.js';

const ENGINES = ['interp', 'wasm'] as const;
const ROUNDS = 3000;
const [RBX, R15] = [Gpr.RBX, 15];

const bytes = (v: number): number[] => [v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, (v >>> 24) & 0xff];

/** mov r15d, rounds; the body; dec r15d; jnz to the body; hlt */
function loop(body: readonly number[], rounds = ROUNDS): readonly number[] {
  const round = [...body, 0x41, 0xff, 0xcf];
  return [0x41, 0xbf, ...bytes(rounds), ...round, 0x0f, 0x85, ...bytes(-(round.length + 6)), 0xf4];
}

describe.each(ENGINES)('without a return from generated code (%s)', (engine) => {
  /** rdtsc; rol rbx, 1; add rbx, rax; xor rbx, rdx: depends on each value. */
  const TIMES = loop(hex('0f 31 48 d1 c3 48 01 c3 48 31 d3'));

  it('RDTSC reads the time of its instruction', () => {
    const machine = new MachineHarness(1, engine);
    machine.enterLongMode(TIMES);
    machine.run(50_000);
    const reference = new MachineHarness(1, 'interp');
    reference.enterLongMode(TIMES);
    // One turn for each instruction: the clock is exact between turns.
    while (reference.vcpu.hasWork()) reference.run(1);
    expect(machine.state.gpr(RBX)).toBe(reference.state.gpr(RBX));
    expect([machine.state.gpr(R15), machine.vcpu.instructions]).toEqual([0n, reference.vcpu.instructions]);
    expect(machine.vcpu.exits.counts()).toMatchObject({ time: ROUNDS });
  });

  it('RDTSC is an exit where a tap sees it', () => {
    const machine = new MachineHarness(1, engine);
    machine.enterLongMode(TIMES);
    machine.run(10_000);
    const seen: bigint[] = [];
    machine.vcpu.hooks.guestExit.tap('test', ({ cause, vcpu }) => {
      if (cause === 'time') seen.push(vcpu.pc);
    });
    machine.run(10_000);
    const times = seen.length;
    expect(times).toBeGreaterThan(1000);
    expect(new Set(seen)).toEqual(new Set([BigInt(CODE) + 6n]));
  });

  it('RDTSC is refused to programs by CR4.TSD', () => {
    const machine = new MachineHarness(1, engine);
    machine.handler(Vector.GP, hex('f4'));
    machine.enterLongMode(TIMES, 3);
    machine.run(10_000);
    expect(machine.vcpu.faults.taken).toBe(0);
    machine.state.setU32(State.cr4, machine.state.u32(State.cr4) | Cr4.TSD);
    machine.vcpu.stateChanged();
    machine.run(10_000);
    expect(machine.vcpu.faults.last).toMatchObject({ syndrome: Vector.GP * 2 ** 24, pc: BigInt(CODE) + 6n });
  });

  it('RDTSCP reads IA32_TSC_AUX, too', () => {
    const machine = new MachineHarness(1, engine);
    // mov ecx, 0xc0000103; mov eax, 0x1234; xor edx, edx; wrmsr; rdtscp; hlt
    machine.enterLongMode(hex('b9 03 01 00 c0 b8 34 12 00 00 31 d2 0f 30 0f 01 f9 f4'));
    machine.run();
    expect(machine.state.gpr(Gpr.RCX)).toBe(0x1234n);
    expect(machine.state.gpr(Gpr.RAX)).toBe(50n);
  });

  it('INVLPG drops a page that has been mapped elsewhere, also for the code that follows', () => {
    const machine = new MachineHarness(1, engine);
    const [TABLE, DIRECTORY, DATA, OTHER] = [0x50_0000, 0x3000 + 8 * 3, 0x60_0000, 0x60_1000];
    machine.write64(DIRECTORY, BigInt(TABLE) | 7n);
    machine.write64(TABLE, BigInt(DATA) | 7n);
    machine.write64(DATA, 1n);
    machine.write64(OTHER, 2n);
    // add rbx, [0x600000]; mov qword [the entry], the other page; invlpg [0x600000]; add; and back
    const map = (at: number): number[] => [...hex('48 c7 04 25'), ...bytes(TABLE), ...bytes(at | 7)];
    const read = (): number[] => [...hex('48 03 1c 25'), ...bytes(DATA)];
    const flush = [...hex('0f 01 3c 25'), ...bytes(DATA)];
    machine.enterLongMode(loop([...read(), ...map(OTHER), ...flush, ...read(), ...map(DATA), ...flush], 500));
    machine.run(50_000);
    expect(machine.state.gpr(RBX)).toBe(500n * 3n);
    expect(machine.vcpu.exits.counts()).toMatchObject({ tlb: 1000 });
  });

  it('INVLPG is for CPL 0', () => {
    const machine = new MachineHarness(1, engine);
    machine.handler(Vector.GP, hex('f4'));
    machine.enterLongMode(hex('0f 01 38'), 3);
    machine.run();
    expect(machine.vcpu.faults.last?.syndrome).toBe(Vector.GP * 2 ** 24);
    expect(machine.vcpu.exits.counts()).not.toHaveProperty('tlb');
  });
});
