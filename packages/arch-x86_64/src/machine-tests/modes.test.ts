import { CodeMode, Gpr } from '@qvm/isa-x86_64';
import { codeMode } from '../state/code-mode.js';
import { CODE, hex, MachineHarness, Selector, STACK } from './machine-harness.test.helper.js';

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
});
