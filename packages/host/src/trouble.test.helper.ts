import { openSync, writeFileSync } from 'node:fs';
import type { QvmPlugin } from '@qvm/core';

/** A plugin that disturbs the thread of its VM when the VM starts, in the way that the VM's name selects. */

const TROUBLES: Readonly<Record<string, () => void>> = {
  // First reports that it begins.
  spins: () => {
    writeFileSync(process.env['QVM_TEST_MARK'] ?? '', '');
    for (let turns = 0; turns >= 0; turns = (turns + 1) % 1000);
  },
  // The pipe has no writer, so open(2) does not return.
  hangs: () => void openSync(process.env['QVM_TEST_PIPE'] ?? '', 'r'),
  exits: () => process.exit(9),
  throws: () =>
    void setTimeout(() => {
      throw new Error('nobody catches this');
    }, 0),
  rejects: () => void Promise.reject(new Error('nobody awaits this')),
  grows: () => {
    for (let held: unknown = undefined; ; held = [held, new Array(10_000).fill(held)]);
  },
};

/** The plugin. */
export const plugin: QvmPlugin = {
  name: 'trouble',
  apiVersion: 1,
  provides: [],
  apply: (vm) => {
    const trouble = Object.hasOwn(TROUBLES, vm.name) ? TROUBLES[vm.name] : undefined;
    if (trouble === undefined) return;
    vm.hooks.beforeStart.tapPromise('trouble', () => {
      trouble();
      return Promise.resolve();
    });
  },
};
