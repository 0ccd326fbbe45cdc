import { QvmError } from '@qvm/core';
import { defineOptions, option, textKind } from '@qvm/core/options';
import type { VdevContext } from '@qvm/core/vdev';
import { DEVICES, FUNCTIONS, type PciAddress } from '../bus/address.js';
import type { PciFunctionSpec } from '../function/function-spec.js';
import type { PciFunction } from '../function/pci-function.js';
import { PCI_BUS } from './tokens.js';

/** Reads `SLOT` or `SLOT.FUNCTION`: hexadecimal and one digit, as `lspci` writes them. */
function readPlace(text: string): PciAddress {
  const [, slot, fn = '0'] = /^([0-9a-f]{1,2})(?:\.([0-7]))?$/i.exec(text) ?? [];
  const place = { slot: Number.parseInt(slot ?? '', 16), fn: Number(fn) };
  if (place.slot < DEVICES && place.fn < FUNCTIONS) return place;
  throw new QvmError(
    'vdev.option',
    `"${text}" is no place on a PCI bus: a device 0 to 1f and a function 0 to 7, as 3.0`,
  );
}

const placeKind = textKind('pci', readPlace, ({ slot, fn }) => `${slot.toString(16)}.${fn}`);

/**
 * The option of a vdev that is a PCI function: its place on the bus.
 *
 * @experimental
 */
export const PCI_OPTIONS = defineOptions({
  /** Place on the bus. */
  pci: option.of(placeKind, {
    description:
      'Place on the PCI bus: device in hexadecimal, and function, such as 3.0; absent: the first free device',
  }),
});

/**
 * Adds a function of a vdev to the bus of its VM. The vdev's resources must require `pci-host`. Failures of BAR handlers
 * are the vdev's own.
 *
 * @param place - value of the option of {@link PCI_OPTIONS}.
 * @throws `QvmError` as {@link PciBus.add}; `vdev.attachment-missing` when the VM has no PCI bus.
 * @experimental
 */
export function addPciFunction(
  context: Pick<VdevContext, 'name' | 'handler' | 'attachment'>,
  spec: PciFunctionSpec,
  place: PciAddress | undefined,
): PciFunction {
  const bars = spec.bars?.map((bar) =>
    bar.memory === undefined ? { ...bar, handler: context.handler(bar.handler) } : bar,
  );
  return context.attachment(PCI_BUS).add(context.name, bars === undefined ? spec : { ...spec, bars }, place);
}
