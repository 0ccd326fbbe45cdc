import { CodeMode, Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from '../state/attributes.js';
import { codeMode } from '../state/code-mode.js';
import { Cr4 } from '../state/control-bits.js';
import { x86ModelOf } from '../system/cpu-model.js';
import { CODE, descriptor, hex, MachineHarness, Selector, STACK } from './machine-harness.test.helper.js';

const HALT = [0xf4];
const TARGET = CODE + 0x800;
const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
const push = (value: number): number[] => [0x68, ...word(value)];

/** Code of 64 bits that loads DS and ES, and returns to code of 32 bits in ring 3. */
const toCompatibility = [
  ...[0xb8, ...word(Selector.userData)],
  ...hex('8ed8 8ec0'),
  ...push(Selector.userData),
  ...push(STACK - 0x100),
  ...push(Selector.userCode32),
  ...push(TARGET),
  ...hex('48cb'),
];

describe.each(['interp', 'wasm'] as const)('modes of code: %s', (engine) => {
  it('compatibility mode runs flat code of 32 bits, and interrupts return to 64-bit mode', () => {
    const harness = new MachineHarness(1, engine);
    // mov ecx, 1000; inc eax; push eax; pop ebx; loop -5; int 0x80
    harness.write(TARGET, [0xb9, ...word(1000), ...hex('40 50 5b e2fb cd80')]);
    harness.handler(0x80, HALT, { dpl: 3 });
    harness.enterLongMode(toCompatibility);
    harness.state.setGpr(Gpr.RDX, 0x1234_5678_9abc_def0n);
    harness.run(4 + 3 + 1);
    while (codeMode(harness.state) === CodeMode.Code64) harness.run(1);
    expect(codeMode(harness.state)).toBe(CodeMode.Flat32);
    harness.run(10_000);
    const { state } = harness;
    expect(codeMode(state)).toBe(CodeMode.Code64);
    expect(state.gpr(Gpr.RAX)).toBe(BigInt(Selector.userData + 1000));
    expect(state.gpr(Gpr.RBX)).toBe(state.gpr(Gpr.RAX));
    // The upper halves are not preserved.
    expect(state.gpr(Gpr.RDX)).toBe(0x9abc_def0n);
  });

  it.each([
    ['vaddps xmm0, xmm1, xmm2', 'c5f058c2'],
    ['andn eax, eax, ecx', 'c4e278f2c1'],
  ])('real-address mode has no instructions with VEX prefixes: %s', (_, code) => {
    const harness = new MachineHarness(1, engine, { model: x86ModelOf('max') });
    enterReal(harness, [...hex(code), ...HALT]);
    const { state, vcpu } = harness;
    state.setU64(State.cr4, BigInt(Cr4.OSFXSR | Cr4.OSXSAVE));
    state.setU64(State.xcr0, 7n);
    vcpu.stateChanged();
    harness.write(6 * 4, word(0x0400_0000));
    harness.write(0x4000, hex('b306 f4')); // mov bl, 6; hlt
    harness.run();
    expect(state.gpr(Gpr.RBX) & 0xffn).toBe(6n);
  });

  it('real-address mode: the environment of x87 has linear addresses and the opcode', () => {
    const harness = new MachineHarness(1, engine);
    // fninit; fld1; fnstenv [0x2000]
    enterReal(harness, [...hex('dbe3 d9e8 d9360020'), ...HALT]);
    harness.run();
    const { data } = harness.memory;
    const at = harness.ram.offset + 0x2000;
    // The opcode of FLD1 without its first five bits; the pointer's bits 19 to 16 are above it.
    expect([data.getUint16(at + 8, true), data.getUint16(at + 6, true)]).toEqual([0x1e8, 0x1002]);
  });

  it('real-address mode: addresses, stacks and jumps wrap at 64 KiB; limits are checked', () => {
    const harness = new MachineHarness(1, engine);
    const { state } = harness;
    enterReal(harness, [
      ...hex('b80020 8ed8 8ed0 bc0001'), // mov ax, 0x2000; mov ds, ax; mov ss, ax; mov sp, 0x100
      ...hex('bbf0ff be2000 896004'), // mov bx, 0xfff0; mov si, 0x20; mov [bx+si+4], sp
      ...hex('50 e80d00 8b0e1400'), // push ax; call f; mov cx, [0x14]
      ...hex('cd21 8ccf baffff eb08'), // int 0x21; mov di, cs; mov dx, 0xffff; jmp end
      ...hex('60 61 89e5 8b5602 c3'), // f: pusha; popa; mov bp, sp; mov dx, [bp+2]; ret
      ...hex('678a4201'), // end: mov al, [edx+1]
    ]);
    const vector = (n: number, segment: number, code: readonly number[]): void => {
      harness.write(n * 4, [...word(segment * 0x1_0000)]);
      harness.write(segment * 16, code);
    };
    vector(0x21, 0x300, hex('8bea cf')); // mov bp, dx; iret
    vector(0x0d, 0x400, hex('89e3 f4')); // mov bx, sp; hlt
    harness.run();
    expect(state.gpr(Gpr.RCX)).toBe(0x100n);
    expect([state.gpr(Gpr.RBP), state.gpr(Gpr.RDI), state.gpr(Gpr.RSI)]).toEqual([0x2000n, 0x100n, 0x20n]);
    // #GP pushed three words, without an error code, below AX.
    expect(state.gpr(Gpr.RBX)).toBe(0xf8n);
    expect(harness.read64(0x2_00f8) & 0xffff_ffffn).toBe(0x0100_002cn);
  });

  it('jumps of 16 bits wrap', () => {
    const harness = new MachineHarness(1, engine);
    enterReal(harness, [0xe9, 0xf0 - 3, 0xff]); // jmp 0xfff0
    harness.write(0x1000 + 0xfff0, [...hex('bcfe00 e81a00')]); // mov sp, 0xfe; call 0x10
    harness.write(0x1010, hex('f4'));
    harness.run();
    expect([harness.state.gpr(Gpr.RSP), harness.vcpu.registers()['rip']]).toEqual([0xfcn, 0x11n]);
    expect(harness.read64(0xfc) & 0xffffn).toBe(0xfff6n);
  });

  it('protected mode: segments with bases and limits, that expand down, and flat ones', () => {
    const harness = new MachineHarness(1, engine);
    const { state } = harness;
    const flat = Attribute.Granularity | Attribute.DB;
    const gdt = [
      0n,
      descriptor(CODE_ATTRIBUTES | Attribute.DB, 0x1000, 0xfff),
      descriptor(DATA_ATTRIBUTES | flat),
      descriptor(DATA_ATTRIBUTES | Attribute.DB | Attribute.ExpandDown, 0x1_0000, 0xfff),
      descriptor(CODE_ATTRIBUTES | flat),
    ];
    gdt.forEach((value, n) => harness.write64(0x5800 + n * 8, value));
    harness.write64(
      0x5900 + 13 * 8,
      BigInt(0x6000 | (0x20 << 16)) | (BigInt(Attribute.Present | SystemType.InterruptGate) << 40n),
    );
    harness.write(0x6000, hex('58 f4')); // pop eax; hlt
    harness.write64(0x2000, 0xdead_beefn);
    enterReal(harness, [
      ...hex('2e660f011656 00 0f20c0 0c01 0f22c0 ea14000800'), // lgdt [cs:gdtr]; PE; jmp 0x08:0x14
      ...hex('b810000000 8ed0 bc00800000 b818000000 8ed8 b810000000 8ec0'), // SS and ES flat, DS expands down
      ...hex('b9e8030000 51 ff0500100000 5b e2f6'), // 1000 times: push ecx; inc dword [0x1000]; pop ebx
      ...hex('8b1500100000 2eff1d50000000'), // mov edx, [0x1000]; call far [cs:0x50]
      ...hex('8b3dff0f0000'), // mov edi, [0xfff]: below the first offset
      ...hex('5c100000 2000 2f00 00580000'), // far pointer; limit and base of GDTR
      ...hex('b810000000 8ed8 8b3500200000 b818000000 8ed8 cb'), // DS flat; mov esi, [0x2000]; DS expands down; retf
    ]);
    state.setU64(State.idtr, 0x5900n);
    state.setU32(State.idtr + 8, 0x7f);
    harness.run();
    expect([state.gpr(Gpr.RDX), state.gpr(Gpr.RBX), state.gpr(Gpr.RSI)]).toEqual([1000n, 1n, 0xdead_beefn]);
    expect(harness.read64(0x1_1000)).toBe(1000n);
    // The error code, then the offset of the instruction and its segment.
    expect([state.gpr(Gpr.RAX), harness.read64(0x8000 - 12)]).toEqual([0n, 0x0000_0008_0000_004an]);
    expect(codeMode(state)).toBe(CodeMode.Code32);
  });
});

/** Sets the vCPU to code of real-address mode at 0100h:0. */
function enterReal(harness: MachineHarness, code: readonly number[]): void {
  const { state, vcpu } = harness;
  vcpu.reset();
  harness.write(0x1000, code);
  state.setSegment(SegmentRegister.CS, 0x100, 0x1000, 0xffff, CODE_ATTRIBUTES);
  vcpu.stateChanged();
  vcpu.start();
  vcpu.processor.core.jump(0);
}
