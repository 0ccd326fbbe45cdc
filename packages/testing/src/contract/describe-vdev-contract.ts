import { QvmError } from '@qvm/core';
import type { Json, VdevFactory } from '@qvm/core';
import { createVdev } from '../create-vdev.js';
import type { CreateVdevOptions, VdevHarness } from '../create-vdev.js';
import { FakeDeviceTreeContext } from '../fake-device-tree-context.js';
import { randomSeed } from '../random.js';
import { factoryProblems, resourceProblems } from './declaration-problems.js';
import { deviceTreeProblems } from './device-tree-problems.js';
import { hostileStates } from './hostile-states.js';
import { findBadAccess } from './random-accesses.js';

/**
 * How {@link describeVdevContract} sets up and exercises a vdev.
 *
 * @experimental
 */
export interface VdevContractOptions extends CreateVdevOptions {
  /** Brings the vdev from its power-on state into one that `save` shows to be different. */
  readonly change: (harness: VdevHarness) => void;
  /** Repeats a random test; a failing one prints its seed. */
  readonly seed?: number;
}

/**
 * The suite that every vdev passes. Call it in a test file, where jest's `describe`, `it` and `expect` are globals.
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

  it('asks for aligned resources', () => {
    const { options } = createVdev(factory, contract);
    expect(resourceProblems(factory.resources(options))).toEqual([]);
  });

  it('handles the ranges it asked for', () => {
    const { vdev, options } = createVdev(factory, contract);
    const requested = (factory.resources(options).mmio ?? []).map((range) => range.name);
    expect(Object.keys(vdev.mmio ?? {}).sort()).toEqual(requested.sort());
  });

  it('describes itself by well-formed device-tree nodes', () => {
    const { vdev } = createVdev(factory, contract);
    const nodes = vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(nodes.flatMap(deviceTreeProblems)).toEqual([]);
  });
}

function describeLifeCycle(factory: VdevFactory, contract: VdevContractOptions): void {
  it('releases its timers and back ends when disposed of', () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    harness.vdev.dispose();
    expect(harness.context.clock.timers).toBe(0);
    const open = [...harness.context.backends].filter(([, backend]) => !backend.closed || backend.hasListener);
    expect(open.map(([designator]) => designator)).toEqual([]);
  });

  it('is back in its power-on state after a reset, also after a second one', () => {
    const harness = createVdev(factory, contract);
    const powerOn = observe(harness);
    contract.change(harness);
    harness.vdev.reset();
    expect(observe(harness)).toEqual(powerOn);
    harness.vdev.reset();
    expect(observe(harness)).toEqual(powerOn);
  });

  it('has a status that JSON can carry', () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    const status = harness.vdev.status();
    expect(throughJson(status)).toEqual(status);
  });
}

function describeState(factory: VdevFactory, contract: VdevContractOptions): void {
  it('restores what it saved', () => {
    const harness = createVdev(factory, contract);
    const before = observe(harness);
    contract.change(harness);
    const changed = observe(harness);
    expect(changed.snapshot).not.toEqual(before.snapshot);
    harness.vdev.restore(before.snapshot);
    expect(observe(harness)).toEqual(before);
    harness.vdev.restore(changed.snapshot);
    expect(observe(harness)).toEqual(changed);
  });

  it('restores into a fresh instance', () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    const changed = observe(harness);
    const fresh = createVdev(factory, contract);
    fresh.context.clock.advance(harness.context.clock.now() - fresh.context.clock.now());
    fresh.vdev.restore(changed.snapshot);
    expect(observe(fresh)).toEqual(changed);
  });

  it('refuses unknown versions, and stays as it was', () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    const before = observe(harness);
    const { version, state } = before.snapshot;
    for (const unknown of [version + 1, version + 0.5, -1, NaN, 2 ** 53]) {
      expect(() => harness.vdev.restore({ version: unknown, state })).toThrow(QvmError);
    }
    expect(observe(harness)).toEqual(before);
  });

  it('refuses hostile states with a typed error, and stays as it was', () => {
    const harness = createVdev(factory, contract);
    contract.change(harness);
    const before = observe(harness);
    const wrong = [...hostileStates(before.snapshot.state)].flatMap(({ label, state }) =>
      hostileRestoreProblems(harness, before, state).map((problem) => `${label}: ${problem}`),
    );
    expect(wrong).toEqual([]);
  });
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
  it(`survives random accesses of all widths (seed ${seed})`, () => {
    const harness = createVdev(factory, contract);
    const { vdev, context } = harness;
    for (const { name, size } of factory.resources(harness.options).mmio ?? []) {
      const handler = vdev.mmio?.[name];
      const problem = handler === undefined ? 'has no handler' : findBadAccess(handler, size, seed);
      expect(problem === undefined ? undefined : `seed ${seed}, range ${name}, ${problem}`).toBeUndefined();
      context.runPosted();
      context.clock.advance(1e9);
    }
    expect(throughJson(vdev.status())).toEqual(vdev.status());
    vdev.restore(throughJson(vdev.save()));
    vdev.reset();
  });
}

/** What the world outside a vdev can tell about it. */
interface Observation {
  readonly snapshot: { readonly version: number; readonly state: Json };
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
