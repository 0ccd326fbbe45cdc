import { QvmError } from '@qvm/core';
import { HYPERCALLS, HypercallStatus } from '@qvm/core/services';
import type { HypercallRegistry } from '@qvm/core/services';
import { MachineHarness, log } from './machine-harness.test.helper.js';

const status = (code: HypercallStatus): bigint => BigInt.asUintN(64, BigInt(code));
const SUCCESS = status(HypercallStatus.Success);
const NOT_SUPPORTED = status(HypercallStatus.NotSupported);
const INVALID_PARAMETER = status(HypercallStatus.InvalidParameter);

/** Calls of the vendor-specific hypervisor service, in the 32-bit form; bit 30 makes the 64-bit one. */
const FEATURES = 0x8600_0000;
const VM_NAME = 0x8600_0001;
const VM_END = 0x8600_0002;
const VM_RESET = 0x8600_0003;
const UID = 0x8600_ff01;
const REVISION = 0x8600_ff03;
const WIDE = 0x4000_0000;
const OWN = 0x1000;

/** A call; `results` result registers are logged. */
function call(id: number, args: readonly bigint[] = [], results = 1): string {
  const set = args.map((value, n) => `ldr x${n + 1}, =${value}\n`).join('');
  return `${set} ldr x0, =${id}\n hvc #0\n ${Array.from({ length: results }, (_, n) => log(n)).join('')}`;
}

function callsOf(machine: MachineHarness): HypercallRegistry {
  const calls = machine.vm.service(HYPERCALLS);
  if (calls === undefined) throw new Error('the machine offers no calls');
  return calls;
}

describe('hypervisor calls', () => {
  it('tell who answers, and which version', async () => {
    const machine = await MachineHarness.run(call(UID, [], 4) + call(REVISION, [], 2) + call(UID + WIDE));
    machine.expectEnd();
    const bytes = machine.log.slice(0, 4).flatMap((word) => [0n, 8n, 16n, 24n].map((at) => (word >> at) & 0xffn));
    const text = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(text).toBe('7e3c1d5294b64f0aa8d12c5b60e97f13');
    expect(machine.log.slice(4)).toEqual([1n, 0n, NOT_SUPPORTED]);
  });

  it('tell which calls there are', async () => {
    const known = [FEATURES, FEATURES + WIDE, VM_NAME + WIDE, VM_END, VM_RESET, UID, REVISION];
    const unknown = [0x8600_0fff, UID + WIDE, 0x0600_0000, 0x8601_0000, 0x8400_0000, 0x8600_ff00, 0];
    const machine = await MachineHarness.run([...known, ...unknown].map((id) => call(FEATURES, [BigInt(id)])).join(''));
    machine.expectEnd();
    expect(machine.log).toEqual([...known.map(() => SUCCESS), ...unknown.map(() => NOT_SUPPORTED)]);
  });

  it("tell the VM's name piece by piece", async () => {
    const garbage = 0xffff_ffff_0000_0000n;
    const machine = await MachineHarness.run(
      call(VM_NAME + WIDE, [0n], 4) +
        call(VM_NAME, [garbage | 1n], 4) +
        call(VM_NAME, [4n], 2) +
        call(VM_NAME, [5n]) +
        call(VM_NAME + WIDE, [garbage]),
    );
    machine.expectEnd();
    expect(machine.log).toEqual([
      ...[4n, 0x7473_6574n, 0n, 0n],
      ...[4n, 0x74_7365n, 0n, 0n],
      ...[4n, 0n],
      INVALID_PARAMETER,
      INVALID_PARAMETER,
    ]);
  });

  it.each([
    [0, 0],
    [32, 32],
    [63, 63],
  ])('VM_END %i ends the VM with exit code %i', async (code, exitCode) => {
    const machine = await MachineHarness.run(call(VM_END, [BigInt(code)]) + call(FEATURES));
    expect(machine.exit).toMatchObject({ exitCode });
    expect(machine.vm.state).toBe('stopped');
    expect(machine.log).toEqual([]);
  });

  it.each([1, 3, 7, 31, 64, 65])('VM_END does not take the exit code %i, which has another meaning', async (code) => {
    const machine = await MachineHarness.run(call(VM_END, [BigInt(code)]));
    machine.expectEnd();
    expect(machine.log).toEqual([INVALID_PARAMETER]);
  });

  it('VM_RESET resets the machine', async () => {
    const machine = await MachineHarness.boot(call(VM_RESET), { onReset: 'restart' });
    expect(machine.run().lastStep).toEqual({ kind: 'reset' });
  });

  it('can be added, and get the arguments that their form has', async () => {
    const seen: unknown[] = [];
    const machine = await MachineHarness.run(
      call(0x8600_1000, [0xffff_ffff_ffff_ffffn, 2n, 3n, 4n, 5n, 6n], 5) + call(0xc600_1000, [1n << 63n]),
      {
        prepare: (m) =>
          callsOf(m).add(OWN, 'test', ({ vcpu, functionId, args, conduit }) => {
            seen.push({ vcpu: vcpu.index, functionId, args, conduit });
            return [-2n, 7n, 8n, 9n, 10n];
          }),
      },
    );
    machine.expectEnd();
    expect(seen).toEqual([
      { vcpu: 0, functionId: 0x8600_1000, args: [0xffff_ffffn, 2n, 3n, 4n, 5n, 6n], conduit: 'hvc' },
      { vcpu: 0, functionId: 0xc600_1000, args: [1n << 63n, 8n, 9n, 4n, 5n, 6n], conduit: 'hvc' },
    ]);
    // X4 keeps its value: a call has four results.
    expect(machine.log).toEqual([status(-2), 7n, 8n, 9n, 4n, status(-2)]);
  });

  it('give the hook the arguments that their form has', async () => {
    const seen: unknown[] = [];
    const machine = await MachineHarness.run(
      [0x8600_1000, 0xc600_1000, 0x0600_1000].map((id) => call(id, [1n << 63n, 0xffff_ffff_ffff_ffffn])).join('') +
        'ldr x1, =0x8000000000000000\n hvc #5\n',
      {
        prepare: ({ vcpus }) =>
          vcpus[0]?.hooks.hypercall.tap('test', ({ immediate, functionId, args }) => {
            if (immediate <= 5) seen.push([immediate, functionId >>> 24, args[0], args[1]]);
            return immediate === 5 ? [0n] : undefined;
          }),
      },
    );
    machine.expectEnd();
    const all = 0xffff_ffff_ffff_ffffn;
    expect(seen.slice(0, 4)).toEqual([
      [0, 0x86, 0n, 0xffff_ffffn],
      [0, 0xc6, 1n << 63n, all],
      [0, 0x06, 0n, 0xffff_ffffn],
      [5, 0xff, 1n << 63n, all],
    ]);
  });

  it('have one answer each', async () => {
    const machine = await MachineHarness.boot('nop');
    const calls = callsOf(machine);
    calls.add(OWN, 'first', () => []);
    const codeOf = (number: number): unknown => {
      try {
        calls.add(number, 'second', () => []);
      } catch (error) {
        return error instanceof QvmError ? error.code : error;
      }
      return undefined;
    };
    expect(codeOf(OWN)).toBe('hypercall.taken');
    expect([-1, 0xff00, 1.5].map(codeOf)).toEqual(Array(3).fill('hypercall.number'));
    expect([calls.has(OWN), calls.has(OWN + 1)]).toEqual([true, false]);
  });

  it('one that throws ends the VM with exit code 6, and is named', async () => {
    const machine = await MachineHarness.run(call(0x8600_1000), {
      prepare: (m) =>
        callsOf(m).add(OWN, 'sensor-0', () => {
          throw new TypeError('no such thing');
        }),
    });
    expect(machine.exit).toMatchObject({ exitCode: 6 });
    expect(machine.exit?.reason).toContain('sensor-0');
  });

  it('any identifier with any arguments gets an answer', async () => {
    let seed = 0x1234_5678;
    const random = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0);
    // All calls but those that turn vCPUs off, suspend, or end the VM.
    const ends = new Set([0x8400_0001, 0x8400_0002, 0x8400_0008, 0x8400_0009, 0x8400_0012, VM_END, VM_RESET]);
    const ids = Array.from({ length: 400 }, (_, n) => {
      const owner = [0, 4, 6, random() & 0x3f][n & 3] ?? 0;
      return (((random() & 0xc0) << 24) | (owner << 24) | (random() & (n & 4 ? 0xff_ffff : 0x1f))) >>> 0;
    }).filter((id) => !ends.has((id & ~WIDE) >>> 0));
    const source = ids
      .map((id) => call(id, [BigInt(random()) << 32n, BigInt(random()), BigInt.asUintN(64, -BigInt(random()))]))
      .join('');
    const machine = await MachineHarness.run(source);
    machine.expectEnd();
    expect(machine.log).toHaveLength(ids.length);
    const parsed = ids.map((id) => (id >>> 31 === 1 && (id & 0xff_0000) === 0 ? (id >>> 24) & 0x3f : -1));
    parsed.forEach((owner, n) => {
      if (![0, 4, 6].includes(owner)) expect([ids[n], machine.log[n]]).toEqual([ids[n], NOT_SUPPORTED]);
    });
  });
});
