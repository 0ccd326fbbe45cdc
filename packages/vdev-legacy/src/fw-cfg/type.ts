import { QvmError } from '@qvm/core';
import type { FirmwareFile } from '@qvm/core/services';
import type { OptionValue, VdevFactory } from '@qvm/core/vdev';
import { FW_CFG_SIZE, FwCfg } from './device.js';

/**
 * QEMU's firmware configuration device. Offers `FW_CFG`, to which the vdevs that
 * are named after it add files.
 *
 * @experimental
 */
export const fwCfg: VdevFactory = {
  type: 'fw-cfg',
  description: 'Firmware configuration device of QEMU (fw_cfg)',
  options: [
    {
      name: 'item',
      kind: 'string',
      description: 'A file NAME:TEXT for the guest; its own names begin with opt/',
      repeatable: true,
    },
  ],
  resources: () => ({ mmio: [{ name: 'registers', size: FW_CFG_SIZE }], role: 'fw-cfg' }),
  create: (context, options) => {
    const device = new FwCfg(context);
    for (const item of listOf(options.item)) device.configuration.addFile(fileOf(item));
    return device;
  },
};

function listOf(value: OptionValue | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'object' ? value.map(String) : [String(value)];
}

function fileOf(item: string): FirmwareFile {
  const colon = item.indexOf(':');
  if (colon < 0) throw new QvmError('fw-cfg.file', `the item ${JSON.stringify(item)} is not NAME:TEXT`);
  return { name: item.slice(0, colon), bytes: new TextEncoder().encode(item.slice(colon + 1)) };
}
