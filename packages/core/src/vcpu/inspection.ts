import type { VcpuView } from './vcpu-view.js';

/**
 * The method by which Node's `util.inspect`, and so `console.log`, asks an object how to show itself. A registered symbol: nothing of
 * Node is needed for it.
 *
 * @experimental
 */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * A vCPU in a line, where all that belongs to it would fill pages.
 *
 * @experimental
 */
export function vcpuSummary({
  index,
  on,
  pc,
  instructions,
}: Pick<VcpuView, 'index' | 'on' | 'pc' | 'instructions'>): string {
  return `Vcpu { index: ${index}, on: ${on}, pc: 0x${pc.toString(16)}, instructions: ${instructions} }`;
}
