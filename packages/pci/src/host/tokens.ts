import { createToken, type Token } from '@qvm/core';
import type { PortHandler } from '@qvm/core/vdev';
import type { PciBus } from '../bus/pci-bus.js';
import type { PciHostDescription } from './layout.js';

/**
 * The root bus, which the host bridge offers to the vdevs that are made after it.
 *
 * @experimental
 */
export const PCI_BUS: Token<PciBus> = createToken('@qvm/pci/PciBus');

/**
 * The host bridge in the terms of firmware tables, which it offers.
 *
 * @experimental
 */
export const PCI_HOST_DESCRIPTION: Token<PciHostDescription> = createToken('@qvm/pci/PciHostDescription');

/**
 * Takes the accesses of less than a double word to the ports 0CF8h–0CFBh, which the host bridge has, such as those to
 * the reset control of PCs at 0CF9h. Offered before the host bridge is made. Offsets are from 0CF8h.
 *
 * @experimental
 */
export const CONFIG_PORT_REMAINDER: Token<PortHandler> = createToken('@qvm/pci/ConfigPortRemainder');
