import type { Board } from '@qvm/core/board';
import { Vm } from '@qvm/core/host';
import type { Json, QvmPlugin, VmExit } from '@qvm/core';
import type { VdevSpec } from '@qvm/core/host';
import { allVdevOptions } from '@qvm/core/vdev';
import type { VdevFactory } from '@qvm/core/vdev';
import { CollectingLogger } from '../collecting-logger.js';
import { type GivenOptions, parseOptions } from '../parse-options.js';
import { ScriptedCharacterBackend } from '../scripted-character-backend.js';
import { scriptError } from './script-instruction.js';
import { scriptArchitecture, scriptBoard, scriptedGuest } from './script-machine.js';

/** Largest number of instructions: more than a test's script has, less than a script that spins. */
const MOST_INSTRUCTIONS = 1_000_000;
const RAM_BYTES = 0x10_0000;

/**
 * A VM for {@link runScript}.
 *
 * @experimental
 */
export interface ScriptRunOptions {
  /** Its vdevs, in this order, with options as texts or as parsed values. */
  readonly vdevs: readonly {
    /** Type of the vdev. */
    readonly factory: VdevFactory;
    /** Its options. Default: none, so that all have their defaults. */
    readonly options?: GivenOptions;
  }[];
  /** Default: the places of `virt`, without implicit vdevs. */
  readonly board?: Board;
  /** Plugins whose `apply` is called; the services that they provide are ignored. */
  readonly plugins?: readonly Pick<QvmPlugin, 'name' | 'apply'>[];
  /** The guest: the lines of {@link scriptedGuest}. */
  readonly script: readonly string[];
}

/**
 * The result of {@link runScript}.
 *
 * @experimental
 */
export interface ScriptRun {
  /** How the VM ended. */
  readonly exit: VmExit;
  /** Virtual time at the end, in nanoseconds. */
  readonly time: number;
  /** The final `status` of each vdev, by its name (`TYPE-0`). */
  readonly status: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** The back ends that vdevs opened, by designator. */
  readonly backends: ReadonlyMap<string, ScriptedCharacterBackend>;
  /** All that the VM has logged. */
  readonly logger: CollectingLogger;
}

/**
 * Runs a scripted guest to its end in a real VM with map, wiring, clock and hooks, under `icount`, with 1 MiB of RAM
 * at 0x40000000. For a whole hypervisor with configurations, pass `scriptPlugin` to that of `@qvm/sdk`.
 *
 * @throws QvmError when the VM refuses the options; `testing.script` for an invalid script or one that does not end.
 * @experimental
 */
export async function runScript({ vdevs, plugins = [], script, board }: ScriptRunOptions): Promise<ScriptRun> {
  const backends = new Map<string, ScriptedCharacterBackend>();
  const logger = new CollectingLogger();
  const vm = new Vm({
    name: 'script',
    architecture: scriptArchitecture,
    board: board ?? scriptBoard(),
    vcpus: 1,
    ram: [{ size: RAM_BYTES }],
    vdevs: vdevs.map(vdevSpec),
    plugins: plugins.map(({ name, apply }) => ({ name, apply: (target) => apply?.(target) })),
    clock: { kind: 'icount' },
    logger,
    openCharacterBackend: (designator) => {
      const backend = new ScriptedCharacterBackend();
      backends.set(designator, backend);
      return backend;
    },
  });
  try {
    await vm.boot({ image: scriptedGuest(...script) });
    const exit = runToEnd(vm);
    const status = Object.fromEntries(vm.vdevs.map(({ name, vdev }) => [name, vdev.status()]));
    return { exit, time: vm.clock.now(), status, backends, logger };
  } finally {
    await vm.close();
  }
}

function runToEnd(vm: Vm): VmExit {
  const result = vm.step(MOST_INSTRUCTIONS);
  if (result.kind === 'ended') return result.exit;
  if (result.kind === 'idle') throw scriptError('the guest waits for what never comes');
  throw scriptError(`the guest has not ended after ${MOST_INSTRUCTIONS} instructions`);
}

function vdevSpec({ factory, options = {} }: ScriptRunOptions['vdevs'][number]): VdevSpec {
  return { factory, options: parseOptions(allVdevOptions(factory), options) };
}
