import { setFlagsFromString } from 'node:v8';
import { PLUGIN_API_VERSION, type QvmPlugin } from '@qvm/core';

const NAME = 'qvm optimizing compiler';
/**
 * With these flags, V8's background threads compile a whole module before its first use; otherwise each function is
 * compiled on demand, twice.
 */
const OPTIMIZED = ['--no-liftoff', '--no-wasm-lazy-compilation'];
const DEFAULT = ['--liftoff', '--wasm-lazy-compilation'];

/**
 * A plugin with which V8 compiles regions of hot guest code with its optimizing compiler at once: the guest is
 * interpreted a little longer, but never runs code of the baseline compiler, which is more than twice as large.
 * Measured in docs/decisions/0018.
 *
 * It sets V8 flags for the whole process, so it is meant for processes dedicated to VMs, such as those of the `qvm`
 * command. At first V8's defaults apply, with which the interpreter is available at once; after a VM has begun to run,
 * modules are compiled by the optimizing compiler. A V8 that does not know the flags reports that on stderr and
 * continues.
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
      // By the end of the first step, the interpreter has been called and therefore compiled.
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
