import { QvmError } from '@qvm/core';
import type { Json } from '@qvm/core';
import type { PortHandler, VdevFactory, VdevOptions, VdevResources, VdevState } from '@qvm/core/vdev';
import { machineOf } from '@qvm/core/board';
import { virt } from '@qvm/boards';
import { createVdev } from '../create-vdev.js';
import type { CreateVdevOptions, VdevHarness } from '../create-vdev.js';
import { FakeDeviceTreeContext } from '../fake-device-tree-context.js';
import { DEFAULT_FIRINGS } from '../manual-clock.js';
import { randomSeed } from '../random.js';
import { factoryProblems, resourceProblems } from './declaration-problems.js';
import { deviceTreeProblems } from './device-tree-problems.js';
import { hostileStates } from './hostile-states.js';
import { findBadAccess } from './random-accesses.js';

/**
 * Setup of a vdev for {@link describeVdevContract}.
 *
 * @experimental
 */
export interface VdevContractOptions extends CreateVdevOptions {
  /** Changes the vdev from its power-on state to a state that `save` can distinguish. */
  readonly change: (harness: VdevHarness) => void;
  /**
   * Largest number of timer callbacks in the second of virtual time after random register accesses. At this number the
   * second is cut short, so that a device with a timer of nanoseconds does not take minutes. Default {@link
   * DEFAULT_FIRINGS}.
   */
  readonly maxFirings?: number;
  /** Seed that repeats a random test; a failing test prints its seed. */
  readonly seed?: number;
}

/**
 * The test suite that every vdev must pass. Call it in a test file, where jest's `describe`, `it` and `expect` are
 * globals.
 *
 * @experimental
 */
export function describeVdevContract(factory: VdevFactory, contract: VdevContractOptions): void {
  describe(`vdev contract of ${factory.type}`, () => {
    describeDeclarations(factory, contract);
    describeLifeCycle(factory, contract);
    describeState(factory, contract);
    describeRegisters(factory, contract);
  });
}

function describeDeclarations(factory: VdevFactory, contract: VdevContractOptions): void {
  it('declares itself and its options well', () => {
    expect(factoryProblems(factory)).toEqual([]);
  });

  it('asks for resources that a VM can give', () => {
    const { options } = createVdev(factory, contract);
    expect(resourceProblems(resourcesOf(factory, options, contract))).toEqual([]);
  });

  it('handles the ranges it asked for', () => {
    const { vdev, options } = createVdev(factory, contract);
    const { mmio = [], ports = [] } = resourcesOf(factory, options, contract);
    expect(Object.keys(vdev.mmio ?? {}).sort()).toEqual(mmio.map(({ name }) => name).sort());
    expect(Object.keys(vdev.ports ?? {}).sort()).toEqual(ports.map(({ name }) => name).sort());
  });

  it('describes itself by well-formed device-tree nodes', () => {
    const { vdev } = createVdev(factory, contract);
    const nodes = vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(nodes.flatMap(deviceTreeProblems)).toEqual([]);
  });
}

function describeLifeCycle(factory: VdevFactory, contract: VdevContractOptions): void {
  it('releases its timers, back ends and windows when disposed of', async () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    await harness.vdev.dispose();
    expect(harness.context.clock.timers).toBe(0);
    const open = [...harness.context.backends].filter(([, backend]) => !backend.closed || backend.hasListener);
    expect(open.map(([designator]) => designator)).toEqual([]);
    const mapped = [...harness.context.windows].filter(([, { content }]) => content.size > 0);
    expect(mapped.map(([window]) => window)).toEqual([]);
  });

  it('is back in its power-on state after a reset, also after a second one', async () => {
    const harness = createVdev(factory, contract);
    const powerOn = observe(harness);
    await change(harness, contract);
    harness.vdev.reset();
    expect(observe(harness)).toEqual(powerOn);
    harness.vdev.reset();
    expect(observe(harness)).toEqual(powerOn);
  });

  it('has a status that JSON can carry', async () => {
    const harness = await createChanged(factory, contract);
    const status = harness.vdev.status();
    expect(throughJson(status)).toEqual(status);
  });
}

function describeState(factory: VdevFactory, contract: VdevContractOptions): void {
  it('restores what it saved', async () => {
    const harness = createVdev(factory, contract);
    const before = observe(harness);
    await change(harness, contract);
    const changed = observe(harness);
    expect(changed.snapshot).not.toEqual(before.snapshot);
    harness.vdev.restore(before.snapshot);
    expect(observe(harness)).toEqual(before);
    harness.vdev.restore(changed.snapshot);
    expect(observe(harness)).toEqual(changed);
  });

  it('restores into a fresh instance', async () => {
    const harness = await createChanged(factory, contract);
    const changed = observe(harness);
    const fresh = createVdev(factory, contract);
    fresh.context.clock.advance(harness.context.clock.now() - fresh.context.clock.now());
    fresh.vdev.restore(changed.snapshot);
    expect(observe(fresh)).toEqual(changed);
  });

  it('refuses unknown versions, and stays as it was', async () => {
    const harness = await createChanged(factory, contract);
    const before = observe(harness);
    const { version, state } = before.snapshot;
    for (const unknown of [version + 1, version + 0.5, -1, NaN, 2 ** 53]) {
      expect(() => harness.vdev.restore({ version: unknown, state })).toThrow(QvmError);
    }
    expect(observe(harness)).toEqual(before);
  });

  it('refuses hostile states with a typed error, and stays as it was', async () => {
    const harness = await createChanged(factory, contract);
    const before = observe(harness);
    const wrong = [...hostileStates(before.snapshot.state)].flatMap(({ label, state }) =>
      hostileRestoreProblems(harness, before, state).map((problem) => `${label}: ${problem}`),
    );
    expect(wrong).toEqual([]);
  });
}

/** The resources of a vdev on the board of its context. */
function resourcesOf(
  factory: VdevFactory,
  options: VdevOptions,
  { context }: Pick<VdevContractOptions, 'context'>,
): VdevResources {
  return factory.resources(options, machineOf(context?.board ?? virt));
}

/** Changes the vdev's state and brings it to rest, so that a snapshot contains everything. */
async function change(harness: VdevHarness, contract: VdevContractOptions): Promise<void> {
  contract.change(harness);
  await harness.quiesce();
}

async function createChanged(factory: VdevFactory, contract: VdevContractOptions): Promise<VdevHarness> {
  const harness = createVdev(factory, contract);
  await change(harness, contract);
  return harness;
}

function hostileRestoreProblems(harness: VdevHarness, before: Observation, state: unknown): readonly string[] {
  const { version } = before.snapshot;
  try {
    harness.vdev.restore({ version, state: state as Json });
  } catch (error) {
    const untyped = error instanceof QvmError ? [] : [`threw ${String(error)}, not a QvmError`];
    const same = JSON.stringify(observe(harness)) === JSON.stringify(before);
    return same ? untyped : [...untyped, 'was refused, yet changed the vdev'];
  }
  const problem = refusal(harness, observe(harness).snapshot);
  harness.vdev.restore(before.snapshot);
  return problem === undefined ? [] : [`was taken, but what save then gave is refused: ${problem}`];
}

function refusal(harness: VdevHarness, snapshot: Observation['snapshot']): string | undefined {
  try {
    harness.vdev.restore(snapshot);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function describeRegisters(factory: VdevFactory, contract: VdevContractOptions): void {
  const seed = contract.seed ?? randomSeed();
  it(`survives random accesses of all widths (seed ${seed})`, async () => {
    const harness = createVdev(factory, contract);
    const { vdev, context } = harness;
    for (const { name, size, handler } of accessibleRanges(factory, harness, contract)) {
      const problem = handler === undefined ? 'has no handler' : findBadAccess(handler, size, seed);
      expect(problem === undefined ? undefined : `seed ${seed}, range ${name}, ${problem}`).toBeUndefined();
      context.runPosted();
      context.clock.advanceUpTo(1e9, contract.maxFirings ?? DEFAULT_FIRINGS);
    }
    expect(throughJson(vdev.status())).toEqual(vdev.status());
    await harness.quiesce();
    vdev.restore(throughJson(vdev.save()));
    vdev.reset();
  });
}

/** All that a guest can access of a vdev now: its registers, its I/O ports, and registers mapped in its windows. */
function accessibleRanges(
  factory: VdevFactory,
  { vdev, context, options }: VdevHarness,
  contract: VdevContractOptions,
): readonly { readonly name: string; readonly size: number; readonly handler: PortHandler | undefined }[] {
  const { mmio = [], ports = [] } = resourcesOf(factory, options, contract);
  const ranges = [
    ...mmio.map(({ name, size }) => ({ name, size, handler: vdev.mmio?.[name] })),
    ...ports.map(({ name, size }) => ({ name, size, handler: vdev.ports?.[name] })),
  ];
  const mapped = [...context.windows].flatMap(([window, { content }]) =>
    [...content].flatMap(([offset, found]) =>
      found.kind === 'registers' ? [{ name: `${window}+0x${offset.toString(16)}`, ...found }] : [],
    ),
  );
  return [...ranges, ...mapped];
}

/** State of a vdev that is visible from outside. */
interface Observation {
  readonly snapshot: VdevState;
  /** Levels of its interrupt lines: requested ones, then private ones. */
  readonly levels: readonly boolean[];
}

function observe(harness: VdevHarness): Observation {
  const { interrupts, privateInterrupts } = harness.context;
  return {
    snapshot: throughJson(harness.vdev.save()),
    levels: [...interrupts.values(), ...privateInterrupts].map((line) => line.level),
  };
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
