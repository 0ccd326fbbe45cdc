import { option } from '@qvm/core/options';
import type { VdevMachine } from '@qvm/core/vdev';
import type { PciAddress } from '../bus/address.js';
import { PCI_HOST } from './layout.js';

/**
 * The option of a vdev that can be a PCI function or have its registers at an address of the board.
 *
 * @experimental
 */
export const TRANSPORT_OPTION = option.enum(['mmio', 'pci'], {
  description:
    'How the guest reaches it; absent: by registers in memory where the board has places for them, else by PCI',
});

/**
 * Options that decide about the transport.
 *
 * @experimental
 */
export interface TransportChoice {
  /** Value of {@link TRANSPORT_OPTION}. */
  readonly transport?: 'mmio' | 'pci' | undefined;
  /** Place on the bus, as `PCI_OPTIONS` has it. */
  readonly pci?: PciAddress | undefined;
  /** Address of registers, a common option. */
  readonly base?: number | undefined;
}

/**
 * Whether a vdev is a PCI function: as its options say, or if its place is one on the bus; else if the board has no places for
 * its registers and has a PCI host.
 *
 * @param machine - of the vdev; absent: one without PCI.
 * @param role - the board's word for places of registers of this kind.
 * @experimental
 */
export function isPciFunction(
  { transport, pci, base }: TransportChoice,
  machine: VdevMachine | undefined,
  role: string,
): boolean {
  if (transport !== undefined) return transport === 'pci';
  if (pci !== undefined) return true;
  if (base !== undefined) return false;
  return machine?.place(role) === undefined && machine?.place(PCI_HOST) !== undefined;
}

/**
 * Problems of options that belong to different transports.
 *
 * @experimental
 */
export function transportProblems({ transport, pci, base }: TransportChoice): readonly {
  /** Name of the option. */
  readonly option: string;
  /** A sentence without a full stop. */
  readonly message: string;
}[] {
  return [
    ...(transport === 'mmio' && pci !== undefined
      ? [{ option: 'pci', message: 'a device over MMIO has no place on a PCI bus' }]
      : []),
    ...((transport === 'pci' || pci !== undefined) && base !== undefined
      ? [{ option: 'base', message: 'the registers of a device over PCI are where the guest puts them' }]
      : []),
  ];
}
