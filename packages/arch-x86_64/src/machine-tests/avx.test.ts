import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, State, Vector } from '@qvm/isa-x86_64';
import { Cr0, Cr4 } from '../state/control-bits.js';
import { x86ModelOf } from '../system/cpu-model.js';
import { hex, MachineHarness, RAM_BYTES, STACK } from './machine-harness.test.helper.js';

const MODEL = x86ModelOf('max');
const ALL_STATE = 7n;
/** An address with an alignment of 64 bytes, and the last one of RAM, behind which nothing is mapped. */
const [AREA, END] = [STACK - 0x1000, RAM_BYTES];

/** A machine on which AVX is enabled, whose program halts; exceptions are logged by number. */
function start(engine: 'interp' | 'wasm', program: string, components = ALL_STATE): MachineHarness {
  const machine = new MachineHarness(1, engine, { model: MODEL });
  for (const vector of [Vector.UD, Vector.NM, Vector.GP, Vector.PF])
    machine.handler(vector, hex(`b0 ${vector.toString(16).padStart(2, '0')} e6 e9 f4`));
  machine.enterLongMode(hex(`${program} f4`));
  const { state } = machine;
  state.setU64(State.cr4, state.u64(State.cr4) | BigInt(Cr4.OSXSAVE));
  state.setU64(State.xcr0, components);
  machine.vcpu.stateChanged();
  return machine;
}

/** Both halves of a YMM register as four numbers. */
const ymm = ({ state }: MachineHarness, n: number): bigint[] =>
  [State.vector, State.vector + 8, State.vectorHigh, State.vectorHigh + 8].map((at) => state.u64(at + n * 16));

function setYmm({ state }: MachineHarness, n: number, values: readonly bigint[]): void {
  [State.vector, State.vector + 8, State.vectorHigh, State.vectorHigh + 8].forEach((at, i) =>
    state.setU64(at + n * 16, values[i] as bigint),
  );
}

const ONES = [1n, 2n, 3n, 4n];
/** vpaddq ymm0, ymm1, ymm2 */
const ADD = 'c5 f5 d4 c2';

describe.each(['interp', 'wasm'] as const)('AVX: %s', (engine) => {
  it('computes 256 bits; with 128, the upper half of the destination becomes 0', () => {
    const machine = start(engine, `${ADD} c5 f1 d4 da`); // vpaddq xmm3, xmm1, xmm2
    for (const n of [1, 2, 3]) setYmm(machine, n, ONES);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
    expect([ymm(machine, 0), ymm(machine, 3)]).toEqual([
      [2n, 4n, 6n, 8n],
      [2n, 4n, 0n, 0n],
    ]);
  });

  it('instructions of SSE keep the upper halves', () => {
    const machine = start(engine, '66 0f d4 ca'); // paddq xmm1, xmm2
    for (const n of [1, 2]) setYmm(machine, n, ONES);
    machine.run();
    expect(ymm(machine, 1)).toEqual([2n, 4n, 3n, 4n]);
  });

  it.each([
    ['#UD without XCR0.AVX', 3n, 0, Vector.UD],
    ['#NM with CR0.TS', ALL_STATE, Cr0.TS, Vector.NM],
  ])('raises %s', (_, components, cr0, vector) => {
    const machine = start(engine, ADD, components);
    machine.state.setU64(State.cr0, machine.state.u64(State.cr0) | BigInt(cr0));
    machine.vcpu.stateChanged();
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [vector]]);
  });

  it('raises #UD without CR4.OSXSAVE', () => {
    const machine = start(engine, ADD);
    machine.state.setU64(State.cr4, machine.state.u64(State.cr4) & ~BigInt(Cr4.OSXSAVE));
    machine.vcpu.stateChanged();
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [Vector.UD]]);
  });

  it('is absent from models that do not have it', () => {
    const machine = new MachineHarness(1, engine, { model: x86ModelOf('max,-avx,-avx2,-fma,-f16c') });
    machine.handler(Vector.UD, hex('b0 06 e6 e9 f4'));
    machine.enterLongMode(hex(`${ADD} f4`));
    machine.state.setU64(State.cr4, machine.state.u64(State.cr4) | BigInt(Cr4.OSXSAVE));
    machine.vcpu.stateChanged();
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [Vector.UD]]);
  });

  it.each([
    ['vmovaps ymm0, [rdi]', 'c5 fc 28 07', 16, [Vector.GP]],
    ['vmovaps xmm0, [rdi]', 'c5 f8 28 07', 16, []],
    ['vmovups ymm0, [rdi]', 'c5 fc 10 07', 16, []],
    ['vaddps ymm0, ymm0, [rdi]', 'c5 fc 58 07', 3, []],
    ['vmovntdq [rdi], ymm0', 'c5 fd e7 07', 16, [Vector.GP]],
  ])('%s at a multiple of an alignment', (_, code, alignment, log) => {
    const machine = start(engine, code);
    machine.state.setGpr(Gpr.RDI, BigInt(AREA + alignment));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, log]);
  });

  describe('accesses with a mask', () => {
    const masked = [0n, -1n, 0n, 0n];
    const LOAD = 'c4 e2 75 2d 07'; // vmaskmovpd ymm0, ymm1, [rdi]
    const STORE = 'c4 e2 75 2f 17'; // vmaskmovpd [rdi], ymm1, ymm2

    it.each([
      ['load', LOAD, 16, []],
      ['load', LOAD, 8, [Vector.PF]],
      ['store', STORE, 16, []],
      ['store', STORE, 8, [Vector.PF]],
    ] as const)(
      'a %s touches only elements that have their bit (%s, %i bytes before the end)',
      (_, code, before, log) => {
        const machine = start(engine, code);
        const at = END - before;
        machine.state.setGpr(Gpr.RDI, BigInt(at));
        setYmm(
          machine,
          1,
          masked.map((n) => BigInt.asUintN(64, n)),
        );
        setYmm(machine, 2, [5n, 6n, 7n, 8n]);
        machine.write64(END - 16, 11n);
        machine.write64(END - 8, 12n);
        expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, log]);
        if (log.length > 0) expect(machine.state.u64(State.cr2)).toBe(BigInt(END));
        else if (code === LOAD) expect(ymm(machine, 0)).toEqual([0n, 12n, 0n, 0n]);
        else expect([machine.read64(END - 16), machine.read64(END - 8)]).toEqual([11n, 6n]);
      },
    );

    it.each([
      ['load', LOAD],
      ['store', STORE],
      ['gather', 'c4 e2 f5 91 04 1f'], // vpgatherqq ymm0, [rdi + ymm3], ymm1
    ])('a %s of no element accesses nothing', (_, code) => {
      const machine = start(engine, code);
      machine.state.setGpr(Gpr.RDI, 1n << 40n);
      setYmm(machine, 0, ONES);
      expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
      expect(ymm(machine, 0)).toEqual(code === LOAD ? [0n, 0n, 0n, 0n] : ONES);
    });

    it('a gather that faults has had no effect', () => {
      const machine = start(engine, 'c4 e2 f5 91 04 1f');
      machine.state.setGpr(Gpr.RDI, BigInt(AREA));
      machine.write64(AREA + 8, 42n);
      const mask = [0n, -1n, -1n, 0n].map((n) => BigInt.asUintN(64, n));
      setYmm(machine, 0, ONES);
      setYmm(machine, 1, mask);
      setYmm(machine, 3, [0n, 8n, BigInt(END), 0n]);
      expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [Vector.PF]]);
      expect([machine.state.u64(State.cr2), ymm(machine, 0), ymm(machine, 1)]).toEqual([
        BigInt(AREA + END),
        ONES,
        mask,
      ]);
    });
  });
});

describe('XSAVE and XRSTOR with AVX', () => {
  const COMPONENT = 576;
  const mask = '31 d2 b8 07 00 00 00'; // xor edx, edx; mov eax, 7

  it('save the upper halves in component 2, and restore them', () => {
    // xsave [rdi]; vzeroall; xrstor [rdi]
    const machine = start('interp', `${mask} 0f ae 27 c5 fc 77 0f ae 2f`);
    machine.state.setGpr(Gpr.RDI, BigInt(AREA));
    setYmm(machine, 15, ONES);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
    expect([machine.read64(AREA + 512), machine.read64(AREA + COMPONENT + 15 * 16)]).toEqual([7n, 3n]);
    expect(ymm(machine, 15)).toEqual(ONES);
  });

  it('note that upper halves are 0, and clear those that an area does not have', () => {
    // xsavec [rdi]; vmovaps ymm1, ymm2; xrstor [rdi]
    const machine = start('interp', `${mask} 0f c7 27 c5 fc 28 ca 0f ae 2f`);
    machine.state.setGpr(Gpr.RDI, BigInt(AREA));
    setYmm(machine, 1, [9n, 9n, 0n, 0n]);
    machine.run(3);
    setYmm(machine, 2, ONES);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, []]);
    expect([machine.read64(AREA + 512), ymm(machine, 1)]).toEqual([3n, [9n, 9n, 0n, 0n]]);
  });

  it('have a size that CPUID tells', () => {
    // mov eax, 0xd; mov ecx, 2; cpuid
    const machine = start('interp', 'b8 0d 00 00 00 b9 02 00 00 00 0f a2');
    machine.run();
    expect([machine.state.gpr(Gpr.RAX), machine.state.gpr(Gpr.RBX)]).toEqual([256n, BigInt(COMPONENT)]);
  });
});
