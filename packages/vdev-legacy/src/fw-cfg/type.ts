import { QvmError } from '@qvm/core';
import { defineOptions, option, textKind } from '@qvm/core/options';
import type { FirmwareFile } from '@qvm/core/services';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { FwCfg, REGISTERS } from './device.js';
import { FW_CFG_PORTS, FW_CFG_SIZE } from './registers.js';

/** A file in the form of an option: `NAME:TEXT`. */
const fileKind = textKind('NAME:TEXT', fileOf, ({ name, bytes }) => `${name}:${new TextDecoder().decode(bytes)}`);

const OPTIONS = defineOptions({
  item: option.of(fileKind, {
    description: 'A file NAME:TEXT for the guest; its own names begin with opt/',
    repeatable: true,
  }),
});
type FwCfgDeclarations = typeof OPTIONS;

/**
 * QEMU's firmware configuration device. Offers `FW_CFG`, to which the vdevs after it in the configuration add files.
 *
 * @experimental
 */
export const fwCfg: VdevFactory<FwCfgDeclarations> = defineVdev({
  type: 'fw-cfg',
  description: 'Firmware configuration device of QEMU (fw_cfg)',
  options: OPTIONS,
  resources: (_, machine) => ({
    ...(machine?.ioPorts === true
      ? { ports: [{ name: REGISTERS, size: FW_CFG_PORTS }] }
      : { mmio: [{ name: REGISTERS, size: FW_CFG_SIZE }] }),
    role: 'fw-cfg',
  }),
  create: (context, { item }) => {
    const device = new FwCfg(context);
    for (const file of item) device.configuration.addFile(file);
    return device;
  },
});

function fileOf(text: string): FirmwareFile {
  const colon = text.indexOf(':');
  if (colon < 0) throw new QvmError('fw-cfg.file', `the item ${JSON.stringify(text)} is not NAME:TEXT`);
  return { name: text.slice(0, colon), bytes: new TextEncoder().encode(text.slice(colon + 1)) };
}
