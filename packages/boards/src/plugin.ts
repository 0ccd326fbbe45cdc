import { BOARD, PLUGIN_API_VERSION, provide } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import { pc } from './pc.js';
import { virt } from './virt.js';

/**
 * The boards of this package, for a host that composes plugins.
 *
 * @experimental
 */
export const boardsPlugin: QvmPlugin = {
  name: '@qvm/boards',
  apiVersion: PLUGIN_API_VERSION,
  provides: [virt, pc].map((board) => provide({ token: BOARD, scope: 'host', multi: true, factory: () => board })),
};
