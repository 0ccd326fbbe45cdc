import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, State, Vector } from '@qvm/isa-x86_64';
import { x86ModelOf } from '../system/cpu-model.js';
import { hex, MachineHarness, STACK } from './machine-harness.test.helper.js';

/** mov rax, cr4; or eax, 0x40000 (OSXSAVE); mov cr4, rax */
const ENABLE = '0f 20 e0 0d 00 00 04 00 0f 22 e0';
/** xor ecx, ecx; xor edx, edx; mov eax, components; xsetbv */
const setComponents = (components: number): string =>
  `31 c9 31 d2 b8 ${components.toString(16).padStart(2, '0')} 00 00 00 0f 01 d1`;
/** An address with an alignment of 64 bytes. */
const AREA = STACK - 0x1000;
/** mov rdi, AREA */
const toArea = `bf ${[0, 8, 16, 24].map((n) => ((AREA >>> n) & 0xff).toString(16).padStart(2, '0')).join(' ')}`;

function start(program: string): MachineHarness {
  const machine = new MachineHarness(1, 'interp', { model: x86ModelOf('max') });
  machine.handler(Vector.GP, hex('b0 0d e6 e9 f4'));
  machine.handler(Vector.UD, hex('b0 06 e6 e9 f4'));
  machine.enterLongMode(hex(`${program} f4`));
  return machine;
}

const u64 = (machine: MachineHarness, address: number): bigint =>
  machine.memory.data.getBigUint64(machine.ram.offset + address, true);

describe('XSETBV and XGETBV', () => {
  it('are undefined without CR4.OSXSAVE', () => {
    const machine = start(setComponents(3));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [6]]);
  });

  it('set and return XCR0', () => {
    // xor ecx, ecx; xgetbv
    const machine = start(`${ENABLE} ${setComponents(3)} 31 c9 0f 01 d0`);
    expect(machine.run()).toBe(VcpuExit.Halted);
    expect([machine.log, machine.state.gpr(Gpr.RAX), machine.state.u64(State.xcr0)]).toEqual([[], 3n, 3n]);
  });

  it.each([0, 2, 0x80])('refuse %i: a component that is missing, or that needs another', (components) => {
    const machine = start(`${ENABLE} ${setComponents(components)}`);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [13]]);
  });
});

describe('XSAVE and XRSTOR', () => {
  it('save what EDX:EAX asks for, and give absent components their initial values', () => {
    // xor edx, edx; mov eax, 3; xsave [rdi]; pxor xmm1, xmm1; fninit; mov byte [rdi + 512], 1 (x87 only); xrstor [rdi]
    const machine = start(
      `${ENABLE} ${setComponents(3)} ${toArea} 31 d2 b8 03 00 00 00 0f ae 27 c6 87 00 02 00 00 01 0f ae 2f`,
    );
    machine.state.setU64(State.vector, 5n);
    machine.state.setU32(State.fcw, 0x27f);
    machine.state.setU32(State.mxcsr, 0x1fa0);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
    expect([u64(machine, AREA) & 0xffffn, u64(machine, AREA + 160)]).toEqual([0x27fn, 5n]);
    expect([machine.state.u32(State.fcw), machine.state.u64(State.vector)]).toEqual([0x27f, 0n]);
    // MXCSR is loaded whether or not the area has the XMM registers.
    expect(machine.state.u32(State.mxcsr)).toBe(0x1fa0);
  });

  it('note the compacted format', () => {
    const machine = start(`${ENABLE} ${setComponents(3)} ${toArea} 31 d2 b8 02 00 00 00 0f c7 27 0f ae 2f`);
    machine.state.setU64(State.vector, 7n);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
    expect([u64(machine, AREA + 512), u64(machine, AREA + 520)]).toEqual([2n, (1n << 63n) | 2n]);
    expect(machine.state.u64(State.vector)).toBe(7n);
  });

  it('refuse an area that is not aligned to 64 bytes, and a header with unknown components', () => {
    // xsave [rdi + 16]
    const misaligned = start(`${ENABLE} ${setComponents(3)} ${toArea} 0f ae 67 10`);
    expect([misaligned.run(), misaligned.log]).toEqual([VcpuExit.Halted, [13]]);
    // mov byte [rdi + 512], 0x80; xrstor [rdi]
    const unknown = start(`${ENABLE} ${setComponents(3)} ${toArea} c6 87 00 02 00 00 80 0f ae 2f`);
    expect([unknown.run(), unknown.log]).toEqual([VcpuExit.Halted, [13]]);
  });
});
