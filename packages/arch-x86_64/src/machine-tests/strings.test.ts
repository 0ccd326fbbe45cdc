import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, State, Vector } from '@qvm/isa-x86_64';
import { Random } from '@qvm/isa-testing';
import { CODE, hex, MachineHarness, PAGES } from './machine-harness.test.helper.js';

const [R8, R9, R10, R11] = [8, 9, 10, 11];
const BUFFER = 0x10_0000;
const BUFFER_BYTES = 0x8000;
const CASES = 24;
/** Rounds of the program, so that its code is translated. */
const REPEATS = 40;
/** Instructions of a round of the program apart from the string instruction. */
const OTHERS = 5;
const ENGINES = ['interp', 'wasm'] as const;

/** A string instruction with REP. */
interface StringCase {
  readonly name: 'movs' | 'stos';
  readonly size: 1 | 2 | 4 | 8;
  readonly count: number;
  readonly source: number;
  readonly target: number;
  readonly value: bigint;
  readonly backward: boolean;
}

function randomCase(random: Random): StringCase {
  const size = random.pick([1, 2, 4, 8] as const);
  const count = random.pick([0, 1, 2, random.below(40), random.below(1400), 4096 / size]);
  const within = (): number => 0x2c00 + random.below(0x1000);
  const source = within();
  const near = source + random.below(64) - 32;
  const byte = BigInt(random.below(256)) * 0x0101_0101_0101_0101n;
  return {
    name: random.pick(['movs', 'stos']),
    size,
    count: Math.min(count, Math.floor(0x2b00 / size)),
    source,
    target: random.chance(0.4) ? near : within(),
    value: random.chance(0.6) ? byte : random.u64(),
    backward: random.chance(0.2),
  };
}

/** The rounds, one by one, as SDM vol. 2 describes them. */
function perform(memory: Uint8Array, { name, size, count, source, target, value, backward }: StringCase): void {
  const element = Buffer.alloc(8);
  element.writeBigUInt64LE(value);
  for (let round = 0; round < count; round++) {
    const distance = round * size * (backward ? -1 : 1);
    const from =
      name === 'movs' ? memory.slice(source + distance, source + distance + size) : element.subarray(0, size);
    memory.set(from, target + distance);
  }
}

/** std or cld; 1: mov rcx, r8; mov rsi, r9; mov rdi, r10; rep movs or stos; dec r11; jnz 1b; hlt */
function program({ name, size, backward }: StringCase): number[] {
  const prefix = { 1: '', 2: '66', 4: '', 8: '48' }[size];
  const opcode = (name === 'movs' ? 0xa4 : 0xaa) + (size === 1 ? 0 : 1);
  const body = hex(
    `4c 89 c1 4c 89 ce 4c 89 d7 ${size === 2 ? `66 f3` : `f3 ${prefix}`} ${opcode.toString(16)} 49 ff cb`,
  );
  return [backward ? 0xfd : 0xfc, ...body, 0x75, 256 - body.length - 2, 0xf4];
}

function contents(machine: MachineHarness): Uint8Array {
  const at = machine.ram.offset + BUFFER;
  return machine.memory.u8.subarray(at, at + BUFFER_BYTES);
}

describe.each(ENGINES)('REP MOVS and REP STOS, engine %s', (engine) => {
  const machine = new MachineHarness(1, engine);
  beforeEach(() => machine.machine.reset());

  it('do what single rounds do, and count each as an instruction, whatever the budget of a run', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = new Random(seed);
      const tested = randomCase(random);
      const memory = contents(machine);
      for (let at = 0; at < memory.length; at++) memory[at] = random.below(256);
      const expected = memory.slice();
      for (let n = 0; n < REPEATS; n++) perform(expected, tested);
      machine.machine.reset();
      machine.enterLongMode(program(tested));
      const { state, vcpu } = machine;
      state.setGpr(R8, BigInt(tested.count));
      state.setGpr(R9, BigInt(BUFFER + tested.source));
      state.setGpr(R10, BigInt(BUFFER + tested.target));
      state.setGpr(R11, BigInt(REPEATS));
      state.setGpr(Gpr.RAX, tested.value);
      const before = vcpu.instructions;
      while (machine.run(1 + random.below(5000)) === VcpuExit.Budget);
      const context = `seed ${seed}: ${JSON.stringify(tested, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))}`;
      const rounds = REPEATS * (OTHERS + Math.max(1, tested.count));
      // CLD or STD, and HLT.
      expect([context, vcpu.instructions - before]).toEqual([context, rounds + 2]);
      expect([context, Buffer.compare(memory, expected)]).toEqual([context, 0]);
      expect([context, state.gpr(Gpr.RCX)]).toEqual([context, 0n]);
    }
  });

  it('keep the rounds before a fault', () => {
    machine.handler(Vector.PF, hex('f4'));
    const mapping = machine.read64(PAGES + 3 * 8);
    machine.write64(PAGES + 3 * 8, 0n);
    machine.enterLongMode(hex('f3 aa'));
    const { state, vcpu } = machine;
    state.setGpr(Gpr.RAX, 0x5an);
    state.setGpr(Gpr.RCX, 200n);
    state.setGpr(Gpr.RDI, 0x5f_ff9cn);
    machine.run();
    expect([state.gpr(Gpr.RCX), state.gpr(Gpr.RDI), state.u64(State.cr2)]).toEqual([100n, 0x60_0000n, 0x60_0000n]);
    expect(vcpu.faults.last?.pc).toBe(BigInt(CODE));
    const { u8 } = machine.memory;
    expect(
      u8.slice(machine.ram.offset + 0x5f_ff9c, machine.ram.offset + 0x60_0000).every((byte) => byte === 0x5a),
    ).toBe(true);
    machine.write64(PAGES + 3 * 8, mapping);
  });

  it('wrap with 32-bit addresses', () => {
    machine.enterLongMode(hex('67 f3 aa f4'));
    const { state } = machine;
    state.setGpr(Gpr.RAX, 0x77n);
    state.setGpr(Gpr.RCX, 0xffff_ffff_0000_0010n);
    state.setGpr(Gpr.RDI, 0xffff_ffff_0010_0000n);
    machine.run();
    expect([state.gpr(Gpr.RCX), state.gpr(Gpr.RDI)]).toEqual([0n, 0x10_0010n]);
    expect(
      contents(machine)
        .slice(0, 17)
        .filter((byte) => byte === 0x77).length,
    ).toBeGreaterThanOrEqual(16);
  });
});

describe('code that REP writes', () => {
  it('is executed as written', () => {
    const machine = new MachineHarness(1, 'wasm');
    // mov ecx, 3; mov edi, 1f; mov eax, 0x90; rep stosb; 1: hlt; hlt; hlt; mov eax, 0x99; hlt
    const code = [0xb9, 3, 0, 0, 0, 0xbf, 17, 0, 1, 0, 0xb8, 0x90, 0, 0, 0, 0xf3, 0xaa, 0xf4, 0xf4, 0xf4, 0xb8, 0x99];
    machine.enterLongMode([...code, 0, 0, 0, 0xf4]);
    machine.run();
    expect(machine.state.gpr(Gpr.RAX)).toBe(0x99n);
  });
});
