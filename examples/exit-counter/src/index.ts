import { PLUGIN_API_VERSION } from '@qvm/core';
import { STAGE_OBSERVE } from '@qvm/core/hooks';
import type { PluginVm, QvmPlugin } from '@qvm/core';
import type { GuestExitEvent } from '@qvm/core/hooks';
import { ExitCounts } from './exit-counts.js';

const NAME = '@acme/exit-counter';
/** Before the taps that answer: this one only watches. */
const TAP = { name: NAME, stage: STAGE_OBSERVE };

/**
 * A plugin that counts the guest exits of each VM.
 *
 * @param report - gets the lines when a VM has ended.
 */
export function createExitCounterPlugin(report: (line: string) => void): QvmPlugin {
  return { name: NAME, apiVersion: PLUGIN_API_VERSION, provides: [], apply: (vm) => watch(vm, report) };
}

/** The export that qvm imports for `--plugin @acme/exit-counter`. */
export const plugin: QvmPlugin = createExitCounterPlugin((line) => console.error(line));

function watch(vm: PluginVm, report: (line: string) => void): void {
  const counts = new ExitCounts();
  vm.hooks.vcpuCreated.tap(TAP, ({ hooks }) => {
    hooks.guestExit.tap(TAP, (event) => counts.add(labelOf(event)));
  });
  vm.hooks.afterStop.tapPromise(TAP, async () => {
    for (const [label, count] of counts.sorted()) report(`${vm.name}: ${count} ${label}`);
  });
}

/** The event is used again for the next exit: what is kept of it is copied. */
function labelOf({ cause, vdev }: GuestExitEvent): string {
  return vdev === undefined ? cause : `${cause} ${vdev}`;
}
