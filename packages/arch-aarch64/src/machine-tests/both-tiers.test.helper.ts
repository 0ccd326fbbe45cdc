import { State } from '@qvm/isa-aarch64';
import { DATA, EAGER, MachineHarness } from './machine-harness.test.helper.js';
import type { MachineSetup } from './machine-harness.test.helper.js';

/** Like {@link EAGER}, for programs of some thousand instructions. */
const SOON = { ...EAGER, interval: 100 };
const DATA_BYTES = 16 * 4096;
const VECTOR_WORDS = 64;

/** How a program that both tiers run is set up. */
export interface TierComparison {
  /** Called for each of the two machines when its program is in memory. */
  readonly prepare?: (machine: MachineHarness) => void;
  /** Least fraction of the instructions that must run in regions; otherwise nothing is compared. */
  readonly translated?: number;
  readonly setup?: Pick<MachineSetup, 'symbols' | 'tuning' | 'codePages'>;
}

/**
 * Runs a program in the first tier and in the second, and compares the effects: registers, vectors and data memory at
 * the end and at each exception; all exceptions; the program's log and the accesses to its device.
 *
 * @returns the machine with the second tier, after the run.
 */
export async function runBothTiers(source: string, comparison: TierComparison = {}): Promise<MachineHarness> {
  const { translated = 0.4, setup = {} } = comparison;
  const [, expected] = await run(source, comparison, { ...setup, engine: 'interp' });
  const [machine, actual] = await run(source, comparison, { tuning: SOON, ...setup });
  expect(actual).toEqual(expected);
  const inRegions = machine.vcpus[0]?.regionTotals.instructions ?? 0;
  expect(inRegions).toBeGreaterThan(machine.vm.instructions * translated);
  return machine;
}

async function run(
  source: string,
  { prepare }: TierComparison,
  setup: MachineSetup,
): Promise<readonly [MachineHarness, unknown]> {
  const machine = await MachineHarness.boot(source, setup);
  prepare?.(machine);
  const seen: unknown[] = [];
  machine.onException = () => seen.push(stateOf(machine));
  machine.run().expectEnd();
  const { log, port, exceptions, exit } = machine;
  const end = { log, port, exceptions, exit, instructions: machine.vm.instructions };
  return [machine, { ...end, seen, state: stateOf(machine) }];
}

/** Registers, vectors, and a checksum of the data. */
function stateOf({ vm, vcpus }: MachineHarness): unknown {
  const [vcpu] = vcpus;
  const vectors = Array.from({ length: VECTOR_WORDS }, (_, i) => vcpu?.state.u64(State.v + i * 8));
  return { registers: vcpu?.registers(), vectors, data: checksum(vm.guestMemory.view(DATA, DATA_BYTES)) };
}

/** FNV-1a. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c_9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x0100_0193);
  return sum >>> 0;
}
