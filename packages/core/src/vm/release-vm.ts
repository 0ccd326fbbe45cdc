import { disposeVdevs, type AssembledVm } from './vm-assembly.js';
import type { VmExit } from './vm-exit.js';
import { describeThrown } from './vm-failure.js';
import type { VmOptions } from './vm-options.js';

/** Gives back what a VM that has ended holds: what the machine keeps for later runs, hook `afterStop`, then vdevs, last made first, then memory. */
export async function releaseVm(parts: AssembledVm, options: VmOptions, exit: VmExit | undefined): Promise<void> {
  const { hooks, logger, vdevs, memory, map, machine } = parts;
  await machine.ended?.();
  try {
    if (exit !== undefined) await hooks.afterStop.promise({ vm: options.name, exit });
  } catch (error) {
    logger.log('error', describeThrown(error));
  }
  await disposeVdevs(vdevs, options);
  // Another VM gets a pooled VM's memory: this one's map must not lead there any more.
  if (memory.slice !== undefined) map.clear();
  memory.release();
}
