import { setFlagsFromString } from 'node:v8';
import { PLUGIN_API_VERSION, type QvmPlugin } from '@qvm/core';
import type { Tappable, VmHooks } from '@qvm/core/hooks';

const NAME = 'qvm optimizing compiler';
/**
 * With these flags, V8's background threads compile a whole module before its first use; otherwise each function is
 * compiled on demand, twice.
 */
const OPTIMIZED = ['--no-liftoff', '--no-wasm-lazy-compilation'];
/**
 * With these flags, V8 compiles a whole module with its baseline compiler at once. An interpreter has functions that are
 * called late; compiled then, they would be optimized while the guest waits.
 */
const BASELINE = ['--liftoff', '--no-wasm-lazy-compilation'];

/**
 * A plugin with which V8 compiles regions of hot guest code with its optimizing compiler at once: the guest is
 * interpreted a little longer, but never runs code of the baseline compiler, which is more than twice as large.
 * Measured in docs/decisions/0018, 0032 and 0036.
 *
 * It sets V8 flags for the whole process, so it is meant for processes dedicated to VMs, such as those of the `qvm`
 * command. At first, modules are compiled by the baseline compiler, so that the interpreter is available at once; after a
 * VM has begun to run, and so again after it has entered another mode of the processor, by the optimizing compiler. A V8
 * that does not know the flags reports that on stderr and continues.
 *
 * @experimental
 */
export function optimizingCompiler(): QvmPlugin {
  setFlags(BASELINE);
  return {
    name: NAME,
    apiVersion: PLUGIN_API_VERSION,
    provides: [],
    apply({ hooks }) {
      optimizeAfterStep(hooks);
      // The processor has an interpreter for each mode.
      hooks.newCodeMode.tap(NAME, () => {
        setFlags(BASELINE);
        optimizeAfterStep(hooks);
      });
    },
  };
}

/** By the end of the next whole step, the interpreter has been called and therefore compiled. */
function optimizeAfterStep(hooks: Pick<Tappable<VmHooks>, 'step'>): void {
  let begun = false;
  const tap = hooks.step.tap(NAME, ({ phase }) => {
    if (phase === 'begin') begun = true;
    else if (begun) {
      tap.dispose();
      setFlags(OPTIMIZED);
    }
  });
}

function setFlags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
