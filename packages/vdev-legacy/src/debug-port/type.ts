import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { DebugPort } from './device.js';

const OPTIONS = defineOptions({
  hostdev: option.character({
    description: 'Back end of the text: null, stdio, file:PATH, …',
    default: 'null',
  }),
});
type DebugPortDeclarations = typeof OPTIONS;

/**
 * The debug ports of PCs' firmware.
 *
 * @experimental
 */
export const debugPort: VdevFactory<DebugPortDeclarations> = defineVdev({
  type: 'debug-port',
  description: 'Text and POST codes of the firmware of PCs (ports E9h, 402h and 80h)',
  options: OPTIONS,
  resources: () => ({
    ports: [
      { name: 'bochs', size: 1 },
      { name: 'firmware', size: 1 },
      { name: 'post', size: 1 },
    ],
  }),
  create: (context, { hostdev }) => new DebugPort(context, hostdev),
});
