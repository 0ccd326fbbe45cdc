import { Exit, FLAT_32, Gpr, LONG_MODE, SegmentRegister, State, Vector, WITH_ERROR_CODE } from '@qvm/isa-x86_64';
import { ExitReason } from '@qvm/jit';
import { BareMachine, CODE_BASE, DATA_BASE } from './bare-machine.js';

const HLT = 0xf4;
const AT = 0x800;
const START = CODE_BASE + AT;
const STACK = DATA_BASE + 0x800;
const [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI] = [0, 1, 2, 3, 4, 5, 6, 7];
const REGION = { instructions: 100, callee: 0, depth: 0, pages: 1 };
const GP = Vector.GP | WITH_ERROR_CODE;

type Registers = Readonly<Record<number, number>>;

/** A machine with code that ends in HLT, and registers. */
function load(code: readonly number[], registers: Registers, codeBase = CODE_BASE, dataBase = DATA_BASE): BareMachine {
  const machine = new BareMachine(2, 2, codeBase, dataBase, FLAT_32);
  machine.write(AT, [...code, HLT]);
  for (const [n, value] of Object.entries(registers)) machine.setRegister(Number(n), BigInt(value >>> 0));
  return machine;
}

const dword = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

/** Runs code in one of the tiers. */
function run(tier: 'interpreter' | 'region', code: readonly number[], registers: Registers): BareMachine {
  const machine = load(code, registers);
  if (tier === 'region') {
    machine.run(1, START);
    if (machine.translate([AT], REGION) !== 1) throw new Error('no region');
    for (let n = 0; n < 8; n++) machine.setRegister(n, BigInt((registers[n] ?? 0) >>> 0));
    machine.data.fill(0);
  }
  const { reason } = machine.run(100, START);
  expect(reason).toBe(Exit.Halt);
  return machine;
}

describe.each(['interpreter', 'region'] as const)('flat code of 32 bits: %s', (tier) => {
  it('wraps effective addresses at 32 bits', () => {
    // mov eax, [ebx + ecx*4 - 16]; mov [ebx + ecx*4 - 12], eax; lea edx, [ebx + ecx*4]
    const code = [0x8b, 0x44, 0x8b, 0xf0, 0x89, 0x44, 0x8b, 0xf4, 0x8d, 0x14, 0x8b];
    const index = 0x4000_0000 + 4;
    const machine = load(code, { [EBX]: STACK, [ECX]: index });
    machine.data.set([1, 2, 3, 4], 0x800);
    expect(machine.run(100, START).reason).toBe(Exit.Halt);
    expect(machine.register(EAX)).toBe(0x0403_0201n);
    expect(dword(machine.data, 0x804)).toBe(0x0403_0201);
    expect(machine.register(EDX)).toBe(BigInt(STACK + 16));
  });

  it('wraps addresses of 16 bits', () => {
    // lea eax, [bx + si + 2]; with prefix 67
    const machine = run(tier, [0x67, 0x8d, 0x40, 0x02], { [EBX]: 0x1_ffff, [ESI]: 0x1_0002 });
    expect(machine.register(EAX)).toBe(3n);
  });

  it('has a stack of 32 bits', () => {
    // push ecx; push cx; pusha; popa; pop dx; pop eax; push -2; pop ebx
    const code = [0x51, 0x66, 0x51, 0x60, 0x61, 0x66, 0x5a, 0x58, 0x6a, 0xfe, 0x5b];
    const machine = run(tier, code, { [ESP]: STACK, [ECX]: 0x1234_5678, [EBP]: 7, [EDI]: 9 });
    expect([EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI].map((n) => Number(machine.register(n)))).toEqual([
      0x1234_5678,
      0x1234_5678,
      0x5678,
      0xffff_fffe,
      STACK,
      7,
      0,
      9,
    ]);
    // PUSHA has stored ESP as it was before.
    expect(dword(machine.data, 0x800 - 6 - 20)).toBe(STACK - 6);
  });

  it('builds and drops frames', () => {
    // enter 16, 0; mov eax, ebp; leave
    const machine = run(tier, [0xc8, 0x10, 0, 0, 0x89, 0xe8, 0xc9], { [ESP]: STACK, [EBP]: 0x55 });
    expect(machine.register(EAX)).toBe(BigInt(STACK - 4));
    expect([machine.register(ESP), machine.register(EBP)]).toEqual([BigInt(STACK), 0x55n]);
  });

  it('calls and returns with addresses of 32 bits', () => {
    // call +1; hlt; pop eax; push eax; ret 4
    const machine = load([0xe8, 1, 0, 0, 0, HLT, 0x58, 0x50, 0xc2, 4, 0], { [ESP]: STACK });
    expect(machine.run(100, START)).toMatchObject({ reason: Exit.Halt, pc: START + 5 });
    expect([machine.register(EAX), machine.register(ESP)]).toEqual([BigInt(START + 5), BigInt(STACK + 4)]);
  });

  it('has the instructions that 64-bit mode lacks', () => {
    // inc eax; dec ecx; push ds; pop edx; salc after stc
    const machine = run(tier, [0x40, 0x49, 0x1e, 0x5a, 0x89, 0xc3, 0xf9, 0xd6], { [ESP]: STACK, [EAX]: -1 });
    expect([EAX, ECX, EBX].map((n) => machine.register(n))).toEqual([0xffn, 0xffff_ffffn, 0n]);
  });

  it('adds the base of FS and checks its limit', () => {
    // mov eax, fs:[ecx]
    const code = [0x64, 0x8b, 0x01];
    const read = (ecx: number, size: number): ReturnType<BareMachine['run']> & { machine: BareMachine } => {
      const machine = load(code, { [ECX]: ecx });
      const state = new DataView(machine.stateBytes(0, State.end).buffer, machine.stateBytes(0, State.end).byteOffset);
      const at = SegmentRegister.FS * 8;
      state.setBigUint64(State.segmentBase + at, BigInt(DATA_BASE + 0x10), true);
      state.setBigUint64(State.segmentReadable + at, BigInt(size), true);
      state.setUint32(State.segmentFault + at, GP, true);
      machine.data.set([5, 6, 7, 8], 0x20);
      return { ...machine.run(100, START), machine };
    };
    const allowed = read(0x10, 0x14);
    expect(allowed.reason).toBe(Exit.Halt);
    expect(allowed.machine.register(EAX)).toBe(0x0807_0605n);
    const refused = read(0x10, 0x13);
    expect([refused.reason, refused.pc, refused.machine.exitInfo]).toEqual([Exit.Exception, START, GP]);
    const wrapping = read(-2, 2 ** 32);
    expect([wrapping.reason, wrapping.machine.exitInfo]).toEqual([Exit.Exception, GP]);
  });
});

describe('jumps in flat code of 32 bits', () => {
  it('with operands of 16 bits cut EIP', () => {
    // jmp +0 with prefix 66
    expect(load([0x66, 0xeb, 0x00], {}).run(100, START)).toMatchObject({ reason: 'outside', pc: AT + 3 });
    // jc, not taken
    expect(load([0x66, 0x72, 0x00], {}).run(100, START)).toMatchObject({ reason: Exit.Halt, pc: START + 3 });
  });

  it('wrap at 4 GiB', () => {
    const base = 0xffff_f000;
    const machine = new BareMachine(1, 1, base, DATA_BASE, FLAT_32);
    machine.setRegister(Gpr.RSP, BigInt(STACK));
    // call +0x20 at the end of the address space
    machine.write(0xff0, [0xe8, 0x20, 0, 0, 0]);
    const { reason, pc } = machine.run(100, base + 0xff0);
    expect([reason, pc]).toEqual(['outside', 2 ** 32 + 0x15]);
    expect(dword(machine.data, 0x7fc)).toBe(0xffff_fff5);
  });
});

it('opcodes that 64-bit mode lacks are invalid there', () => {
  for (const opcode of [0x06, 0x0e, 0x1f, 0x27, 0x37, 0x60, 0x61, 0x9a, 0xce, 0xd4, 0xd6, 0xea]) {
    const machine = new BareMachine(2, 2, CODE_BASE, DATA_BASE, LONG_MODE);
    machine.write(AT, [opcode]);
    const { reason } = machine.run(1, START);
    expect([opcode, reason]).toEqual([opcode, Exit.System]);
  }
  const machine = new BareMachine(2, 2, CODE_BASE, DATA_BASE, FLAT_32);
  machine.write(AT, [0x0f, 0x01, 0xf8]);
  expect(machine.run(1, START).reason).toBe(ExitReason.Undefined);
});

it('addresses of 32 bits are cut in 64-bit mode, also where the factor of the index is static', () => {
  // imul eax, [ebx + 4], 3; shld [ebx + 8], eax, 4
  const code = [0x67, 0x6b, 0x43, 0x04, 0x03, 0x67, 0x0f, 0xa4, 0x43, 0x08, 0x04, HLT];
  const machine = new BareMachine(2, 2, CODE_BASE, DATA_BASE, LONG_MODE);
  machine.write(AT, code);
  machine.data[0x804] = 7;
  machine.data[0x80b] = 0x50;
  machine.setRegister(EBX, 0xffff_ffff_0000_0000n + BigInt(STACK));
  expect(machine.run(10, START).reason).toBe(Exit.Halt);
  expect([machine.register(EAX), dword(machine.data, 0x808)]).toEqual([21n, 0]);
});

it.each([LONG_MODE, FLAT_32])('MOV from a segment register that does not exist is invalid: $bits bits', (mode) => {
  const machine = new BareMachine(2, 2, CODE_BASE, DATA_BASE, mode);
  machine.write(AT, [0x8c, 0xf0]);
  expect(machine.run(1, START).reason).toBe(ExitReason.Undefined);
});
