import { QvmError } from '@qvm/core';
import { machineOf } from '@qvm/core/board';
import type { AccessWidth, PortHandler, Vdev, VdevFactory, VdevOptions } from '@qvm/core/vdev';
import { allVdevOptions } from '@qvm/core/vdev';
import { virt } from '@qvm/boards';
import { FakeVdevContext } from './fake-vdev-context.js';
import type { FakeVdevContextOptions } from './fake-vdev-context.js';
import { type GivenOptions, parseOptions } from './parse-options.js';

/** Number of turns of the event loop, of about a millisecond each, in which a vdev must come to rest. */
const MOST_TURNS = 2000;

/**
 * Setup of a vdev for {@link createVdev}.
 *
 * @experimental
 */
export interface CreateVdevOptions {
  /**
   * Option values, typed or as text, including options that every vdev has; they are validated, and defaults are
   * filled in.
   */
  readonly options?: GivenOptions;
  /** Options of the context; ranges and lines follow from the factory's resources. */
  readonly context?: Omit<FakeVdevContextOptions, 'resources' | 'type'>;
  /** Called before the vdev is created, to attach services that it needs, or to provide input early. */
  readonly prepare?: (context: FakeVdevContext) => void;
}

/**
 * A vdev and its fake context, made by {@link createVdev}.
 *
 * @experimental
 */
export interface VdevHarness {
  /** The vdev under test. */
  readonly vdev: Vdev;
  /** The context that it was made with. */
  readonly context: FakeVdevContext;
  /** The values of its options, defaults included. */
  readonly options: VdevOptions;
  /**
   * Reads a register or I/O port like a guest. `range` (of registers, of ports, or a window) is by default the first one
   * that there is, in this order; `width` is 4, or 1 for ports.
   */
  read(offset: number, width?: AccessWidth, range?: string): number;
  /** Writes a register or I/O port like a guest. */
  write(offset: number, value: number, width?: AccessWidth, range?: string): void;
  /**
   * Brings the vdev to rest, as a VM does before `save`, including its posted tasks.
   *
   * @throws QvmError `testing.quiesce` when it does not come to rest.
   */
  quiesce(): Promise<void>;
}

/**
 * Creates a vdev in a {@link FakeVdevContext} as a VM does: options are validated, and the startup phase ends after
 * creation.
 *
 * @throws QvmError `vdev.option` for invalid options, and any error of the factory.
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
    resources: factory.resources(options, machineOf(setup.context?.board ?? virt)),
  });
  setup.prepare?.(context);
  const vdev = factory.create(context, options);
  context.start();
  return {
    vdev,
    context,
    options,
    read: (offset, width, range) => {
      const { handler, usual } = handlerOf(vdev, context, range);
      return handler.read(offset, width ?? usual);
    },
    write: (offset, value, width, range) => {
      const { handler, usual } = handlerOf(vdev, context, range);
      handler.write(offset, width ?? usual, value);
    },
    quiesce: () => quiesce(vdev, context),
  };
}

/** Runs the tasks of a vdev that waits for its host, as a paused VM does. */
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

/** The handler of a range, and the width of most accesses to it. */
function handlerOf(
  { mmio = {}, ports = {} }: Vdev,
  { windows }: FakeVdevContext,
  range: string | undefined,
): { readonly handler: PortHandler; readonly usual: AccessWidth } {
  const name = range ?? [...Object.keys(mmio), ...Object.keys(ports), ...windows.keys()][0] ?? 'of registers';
  const registers = mmio[name];
  if (registers !== undefined) return { handler: registers, usual: 4 };
  const port = ports[name];
  if (port !== undefined) return { handler: port, usual: 1 };
  const window = windows.get(name);
  if (window !== undefined) return { handler: window, usual: 4 };
  throw new QvmError('testing.mmio', `the vdev has no range ${name}`);
}
