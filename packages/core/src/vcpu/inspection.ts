import type { VcpuView } from './vcpu-view.js';

/**
 * The method that Node's `util.inspect`, and so `console.log`, calls to display an object. It is a registered symbol,
 * so nothing of Node is needed.
 *
 * @experimental
 */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * A vCPU in one line; displaying all of its members would fill pages.
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
