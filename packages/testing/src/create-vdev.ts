import { QvmError } from '@qvm/core';
import type { AccessWidth, MmioHandler, Vdev, VdevFactory, VdevOptions } from '@qvm/core/vdev';
import { allVdevOptions } from '@qvm/core/vdev';
import { FakeVdevContext } from './fake-vdev-context.js';
import type { FakeVdevContextOptions } from './fake-vdev-context.js';
import { type GivenOptions, parseOptions } from './parse-options.js';

/** Turns of the event loop, of about a millisecond, that a vdev gets to come to rest. */
const MOST_TURNS = 2000;

/**
 * How {@link createVdev} sets up a vdev.
 *
 * @experimental
 */
export interface CreateVdevOptions {
  /** Option values, typed or as text, those that every vdev has included; validated, with defaults filled in. */
  readonly options?: GivenOptions;
  /** The surroundings; ranges and lines come from the factory's resources. */
  readonly context?: Omit<FakeVdevContextOptions, 'resources' | 'type'>;
  /** Runs before the vdev is created: to attach what it looks up, or to feed input early. */
  readonly prepare?: (context: FakeVdevContext) => void;
}

/**
 * A vdev in its fake surroundings, as {@link createVdev} makes it.
 *
 * @experimental
 */
export interface VdevHarness {
  readonly vdev: Vdev;
  readonly context: FakeVdevContext;
  readonly options: VdevOptions;
  /** Reads a register as a guest does. `width` is 4 and `range`, of registers or a window, the first one by default. */
  read(offset: number, width?: AccessWidth, range?: string): number;
  /** Writes a register as a guest does. */
  write(offset: number, value: number, width?: AccessWidth, range?: string): void;
  /**
   * Brings the vdev to rest as a VM does before `save`, posted tasks included.
   *
   * @throws QvmError `testing.quiesce` when it does not come to rest.
   */
  quiesce(): Promise<void>;
}

/**
 * Creates a vdev in a {@link FakeVdevContext}, as a VM does: options validated, startup phase ended afterwards.
 *
 * @throws QvmError `vdev.option` for unfit options, or whatever the factory throws.
 * @experimental
 */
export function createVdev(factory: VdevFactory, setup: CreateVdevOptions = {}): VdevHarness {
  const options = parseOptions(allVdevOptions(factory), setup.options);
  const [problem] = factory.check?.(options) ?? [];
  if (problem !== undefined) throw new QvmError('vdev.option', `option ${problem.option ?? ''}: ${problem.message}`);
  const context = new FakeVdevContext({
    name: `${factory.type}-0`,
    ...setup.context,
    type: factory.type,
    resources: factory.resources(options),
  });
  setup.prepare?.(context);
  const vdev = factory.create(context, options);
  context.start();
  return {
    vdev,
    context,
    options,
    read: (offset, width = 4, range) => handlerOf(vdev, context, range).read(offset, width),
    write: (offset, value, width = 4, range) => handlerOf(vdev, context, range).write(offset, width, value),
    quiesce: () => quiesce(vdev, context),
  };
}

/** The tasks of a vdev that waits for its host are run meanwhile, as a VM that stands still does. */
async function quiesce(vdev: Vdev, context: FakeVdevContext): Promise<void> {
  const resting = vdev.quiesce?.();
  if (resting === undefined) return;
  const atRest = resting.then(() => true);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    context.runPosted();
    if (await Promise.race([atRest, turnOfEventLoop()])) return;
  }
  throw new QvmError('testing.quiesce', 'the vdev does not come to rest');
}

function turnOfEventLoop(): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), 1));
}

function handlerOf(vdev: Vdev, { windows }: FakeVdevContext, range: string | undefined): MmioHandler {
  const name = range ?? Object.keys(vdev.mmio ?? {})[0] ?? [...windows.keys()][0];
  const handler = name === undefined ? undefined : (vdev.mmio?.[name] ?? windows.get(name));
  if (handler === undefined) {
    throw new QvmError('testing.mmio', `the vdev has no range ${name ?? 'of registers'}`);
  }
  return handler;
}
