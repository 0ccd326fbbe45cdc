import { setFlagsFromString } from 'node:v8';
import { PLUGIN_API_VERSION, type QvmPlugin } from '@qvm/core';

const NAME = 'qvm optimizing compiler';
/** A module is compiled whole, by V8's background threads, before it is used; otherwise function by function, twice. */
const OPTIMIZED = ['--no-liftoff', '--no-wasm-lazy-compilation'];
const DEFAULT = ['--liftoff', '--wasm-lazy-compilation'];

/**
 * A plugin with which V8 compiles regions of hot guest code with its optimizing compiler at once: the guest is interpreted a little longer
 * and never runs through code of the baseline compiler, which is more than twice as large. Measured in docs/decisions/0018.
 *
 * It sets flags of V8 for the whole process, so it is for processes that are there for VMs, as those of the `qvm` command are. From the
 * call on V8's defaults hold, with which the interpreter is there at once; when a VM has begun to run it is the optimizing compiler.
 * A V8 that does not know the flags says so on stderr and goes on.
 *
 * @experimental
 */
export function optimizingCompiler(): QvmPlugin {
  setFlags(DEFAULT);
  return {
    name: NAME,
    apiVersion: PLUGIN_API_VERSION,
    provides: [],
    apply({ hooks }) {
      // By the end of the first step the interpreter has been called, and so compiled.
      const tap = hooks.step.tap(NAME, ({ phase }) => {
        if (phase !== 'end') return;
        tap.dispose();
        setFlags(OPTIMIZED);
      });
    },
  };
}

function setFlags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
