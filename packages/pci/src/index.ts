/**
 * PCI Express for virtual devices: functions, their configuration space and interrupts, and a bus that joins them.
 *
 * @module
 */

export { formatPciAddress } from './bus/address.js';
export type { PciAddress } from './bus/address.js';
export type { PciWindow } from './bus/address-decoder.js';
export { ConfigPorts } from './bus/config-ports.js';
export { EcamWindow } from './bus/ecam.js';
export { PciBus, swizzle } from './bus/pci-bus.js';
export type { PciBusOptions } from './bus/pci-bus.js';
export { ConfigSpace } from './config-space/config-space.js';
export type { ConfigField } from './config-space/config-space.js';
export type { BarKind, BarSpec } from './function/base-address.js';
export type { CapabilitySpec } from './function/capabilities.js';
export type { InterruptPin, PciFunctionSpec } from './function/function-spec.js';
export { PciFunction } from './function/pci-function.js';
export type { PciHostDescription, PciHostWindow } from './host/layout.js';
export { addPciFunction, PCI_OPTIONS } from './host/placement.js';
export { isPciFunction, TRANSPORT_OPTION, transportProblems } from './host/transport.js';
export type { TransportChoice } from './host/transport.js';
export { CONFIG_PORT_REMAINDER, PCI_BUS, PCI_HOST_DESCRIPTION } from './host/tokens.js';
export { pciHost, pciPlugin } from './host/type.js';
export type { MessageSink } from './messages/message-sink.js';
export { Msi } from './messages/msi.js';
export type { MsiSpec } from './messages/msi.js';
export { Msix } from './messages/msix.js';
export type { MsixPlace, MsixSpec } from './messages/msix.js';
