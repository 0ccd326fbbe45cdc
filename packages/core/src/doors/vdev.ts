/**
 * For authors of virtual devices: the contract, register blocks, saved states. Options are in `/options`.
 *
 * @module
 */

export type {
  AcpiDevice,
  AcpiField,
  AcpiMethod,
  AcpiPath,
  AcpiRegion,
  AcpiScope,
  AcpiValue,
  AmlExpression,
  AmlOperator,
  AmlStatement,
  AmlTarget,
  AmlVariable,
} from '../acpi/acpi-node.js';
export type {
  AcpiContext,
  AcpiDevicePart,
  AcpiHpetPart,
  AcpiInterruptOverridePart,
  AcpiIoApicPart,
  AcpiPart,
  AcpiPciSegmentPart,
  AcpiPowerManagementPart,
  AcpiScopePart,
} from '../acpi/acpi-part.js';
export type { AcpiResource } from '../acpi/acpi-resource.js';
export type { Clock, ClockTimer } from '../clock/clock.js';
export type { DeviceTreeNode, DeviceTreeValue } from '../devicetree/device-tree.js';
export type { InterruptLine, MessageSink } from '../interrupt/interrupt.js';
export type { DeviceMemory } from '../memory/device-memory.js';
export { GuestMemoryError } from '../memory/guest-memory-error.js';
export type { GuestMemory, MemoryAccess } from '../memory/guest-memory.js';
export type { AccessWidth, MmioHandler, PortHandler, WideValue } from '../memory/memory-region.js';
export type { MemoryWindow, WindowMapping } from '../memory/memory-window.js';
export type { ByteDevice } from '../vdev/byte-ports.js';
export { BytePorts } from '../vdev/byte-ports.js';
export type { CommonVdevOptions, VdevOptions } from '../vdev/common-options.js';
export { COMMON_VDEV_OPTIONS, allVdevOptions } from '../vdev/common-options.js';
export type { RegisterValues } from '../vdev/register-block.js';
export { RegisterBlock } from '../vdev/register-block.js';
export type { RegisterLayout, RegisterSpec } from '../vdev/register-layout.js';
export { registersToMarkdown } from '../vdev/register-layout.js';
export {
  VdevStateError,
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
} from '../vdev/vdev-state.js';
export type {
  DeviceTreeContext,
  InterruptRequest,
  MemoryRequest,
  MmioRequest,
  OptionProblem,
  PortRequest,
  Vdev,
  VdevContext,
  VdevFactory,
  VdevFile,
  VdevMachine,
  VdevResources,
  VdevState,
  WindowRequest,
} from '../vdev/vdev.js';
export { defineVdev } from '../vdev/vdev.js';
