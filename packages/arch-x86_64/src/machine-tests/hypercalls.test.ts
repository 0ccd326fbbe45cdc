import { HYPERCALLS } from '@qvm/core/services';
import type { HypercallRegistry } from '@qvm/core/services';
import { Gpr, Vector } from '@qvm/isa-x86_64';
import { CODE, hex, MachineHarness } from './machine-harness.test.helper.js';

const [VMCALL, VMMCALL] = ['0f 01 c1', '0f 01 d9'];
const FEATURES = 0x8600_0000;
const VM_NAME = 0x8600_0001;
const VM_END = 0x8600_0002;
const UID = 0x8600_ff01;
const WIDE = 0x4000_0000;
const OWN = 0x1000;
const NOT_SUPPORTED = 2n ** 64n - 1n;

/** Runs one call; the results are in RAX, RBX, RCX and RDX. */
function call(id: number, args: readonly bigint[] = [], prepare?: (machine: MachineHarness) => void, code = VMCALL) {
  const machine = new MachineHarness();
  prepare?.(machine);
  machine.handler(Vector.GP, hex('f4'));
  machine.enterLongMode(hex(`${code} f4`));
  machine.state.setGpr(Gpr.RAX, BigInt(id) | (0xabn << 32n));
  const registers = [Gpr.RBX, Gpr.RCX, Gpr.RDX, Gpr.RSI, Gpr.RDI, Gpr.RBP];
  args.forEach((value, n) => machine.state.setGpr(registers[n] as number, value));
  machine.run();
  const results = [Gpr.RAX, Gpr.RBX, Gpr.RCX, Gpr.RDX].map((register) => machine.state.gpr(register));
  return { machine, results };
}

const callsOf = (machine: MachineHarness): HypercallRegistry =>
  machine.provided.get(HYPERCALLS.key) as HypercallRegistry;

describe('hypervisor calls of x86_64 guests', () => {
  it.each([VMCALL, VMMCALL])('tell who answers, by %s', (code) => {
    expect(call(UID, [], undefined, code).results).toEqual([0x521d_3c7en, 0x0a4f_b694n, 0x5b2c_d1a8n, 0x137f_e960n]);
  });

  it('tell which calls there are, and the name of the VM', () => {
    expect(call(FEATURES, [BigInt(VM_NAME)]).results[0]).toBe(0n);
    expect(call(FEATURES, [BigInt(VM_NAME + 0x100)]).results[0]).toBe(NOT_SUPPORTED);
    expect(call(VM_NAME + WIDE, [0n]).results).toEqual([4n, 0x7473_6574n, 0n, 0n]);
    // Arguments of the other form have 32 bits.
    expect(call(VM_NAME, [0xffff_ffff_0000_0001n]).results).toEqual([4n, 0x74_7365n, 0n, 0n]);
    for (const unknown of [0, VM_NAME + 0x100, 0x8400_0000, 0x0600_0001])
      expect(call(unknown).results[0]).toBe(NOT_SUPPORTED);
  });

  it('end the VM', () => {
    expect(call(VM_END, [0n]).machine.requests[0]).toEqual({ kind: 'poweroff' });
    const reason = 'The guest ended its VM with 40 (vCPU 0).';
    expect(call(VM_END, [40n]).machine.requests[0]).toEqual({ kind: 'terminate', exitCode: 40, reason });
    expect(call(VM_END, [5n]).results[0]).toBe(2n ** 64n - 3n);
  });

  it('can be added, and are answered by the hook before that', () => {
    const seen: unknown[] = [];
    const add = (machine: MachineHarness): void =>
      callsOf(machine).add(OWN, 'test', ({ vcpu, ...event }) => {
        seen.push({ vcpu: vcpu.index, ...event });
        return [-2n, 7n, 8n, 9n, 10n];
      });
    const args = [1n << 63n, 2n, 3n, 4n, 5n, 6n];
    expect(call(0xc600_1000, args, add, VMMCALL).results).toEqual([2n ** 64n - 2n, 7n, 8n, 9n]);
    const functionId = 0xc600_1000;
    expect(seen).toEqual([{ vcpu: 0, conduit: 'vmmcall', immediate: 0, functionId, args }]);
    const hooked = call(0xc600_1000, args, (machine) => {
      add(machine);
      machine.vcpu.hooks.hypercall.tap('test', () => [5n]);
    });
    expect([hooked.results, seen.length]).toEqual([[5n, 1n << 63n, 2n, 3n], 1]);
  });

  it('are for the kernel: #GP at CPL 3', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, hex('f4'));
    machine.enterLongMode(hex(`${VMCALL} f4`), 3);
    machine.run();
    expect([machine.vcpu.faults.last?.pc, machine.vcpu.faults.last?.syndrome]).toEqual([
      BigInt(CODE),
      Vector.GP * 2 ** 24,
    ]);
  });
});
