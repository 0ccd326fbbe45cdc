import { QvmError } from '@qvm/core';
import type { AccessWidth, MmioHandler, OptionValues, Vdev, VdevFactory } from '@qvm/core';
import { FakeVdevContext } from './fake-vdev-context.js';
import type { FakeVdevContextOptions } from './fake-vdev-context.js';
import { parseOptions } from './parse-options.js';

/**
 * How {@link createVdev} sets up a vdev.
 *
 * @experimental
 */
export interface CreateVdevOptions {
  /** Option values, typed or as text; validated, with defaults filled in. */
  readonly options?: OptionValues;
  /** The surroundings; ranges and lines come from the factory's resources. */
  readonly context?: Omit<FakeVdevContextOptions, 'resources'>;
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
  readonly options: OptionValues;
  /** Reads a register as a guest does. `width` is 4 and `range` the first one by default. */
  read(offset: number, width?: AccessWidth, range?: string): number;
  /** Writes a register as a guest does. */
  write(offset: number, value: number, width?: AccessWidth, range?: string): void;
}

/**
 * Creates a vdev in a {@link FakeVdevContext}, as a VM does: options validated, startup phase ended afterwards.
 *
 * @throws QvmError `vdev.option` for unfit options, or whatever the factory throws.
 * @experimental
 */
export function createVdev(factory: VdevFactory, setup: CreateVdevOptions = {}): VdevHarness {
  const options = parseOptions(factory.options, setup.options);
  const context = new FakeVdevContext({
    name: `${factory.type}-0`,
    ...setup.context,
    resources: factory.resources(options),
  });
  setup.prepare?.(context);
  const vdev = factory.create(context, options);
  context.start();
  return {
    vdev,
    context,
    options,
    read: (offset, width = 4, range) => handlerOf(vdev, range).read(offset, width),
    write: (offset, value, width = 4, range) => handlerOf(vdev, range).write(offset, width, value),
  };
}

function handlerOf(vdev: Vdev, range: string | undefined): MmioHandler {
  const name = range ?? Object.keys(vdev.mmio ?? {})[0];
  const handler = name === undefined ? undefined : vdev.mmio?.[name];
  if (handler === undefined) {
    throw new QvmError('testing.mmio', `the vdev has no range ${name ?? 'of registers'}`);
  }
  return handler;
}
