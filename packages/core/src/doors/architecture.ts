/**
 * For packages of architectures: machines, guest-physical memory, interrupt wiring, loaders, device trees.
 *
 * @module
 */

export type {
  Architecture,
  ArchitectureFacts,
  ArchitectureSource,
  BootFile,
  BootRequest,
  DataFile,
  Engine,
  Machine,
  MachineServices,
  DigestStore,
  VmRequest,
} from '../architecture/architecture.js';
export type { MachineSnapshot, VcpuSnapshot } from '../architecture/machine-snapshot.js';
export { chooseProcessor } from '../architecture/processor-models.js';
export type {
  Processor,
  ProcessorCatalogue,
  ProcessorFeature,
  ProcessorModel,
  ProcessorProblem,
} from '../architecture/processor-models.js';
export {
  cellsOf,
  editNode,
  findNode,
  putChild,
  removeChildren,
  setProperty,
  textsOf,
} from '../devicetree/device-tree-edit.js';
export { DeviceTreeError, readDeviceTree, readMemoryReservations } from '../devicetree/read-device-tree.js';
export type { DeviceTreeOptions, MemoryReservation } from '../devicetree/write-device-tree.js';
export { writeDeviceTree } from '../devicetree/write-device-tree.js';
export { isWide, Owner, parseFunctionId, queriedFunction } from '../hypercall/function-id.js';
export type { FunctionId } from '../hypercall/function-id.js';
export { HypervisorCalls } from '../hypercall/hypervisor-calls.js';
export { machineCalls } from '../hypercall/machine-calls.js';
export { createVcpuHooks } from '../hooks/vcpu-hooks.js';
export { InterruptBus } from '../interrupt/interrupt-bus.js';
export type {
  InterruptController,
  InterruptInputs,
  InterruptWiring,
  MessageReceiver,
  MessageSink,
  ProcessorInterrupt,
} from '../interrupt/interrupt.js';
export { INTERRUPT_WIRING } from '../interrupt/interrupt.js';
export { checkPiece, contentsOf, partOf } from '../loader/contents.js';
export type { Contents } from '../loader/contents.js';
export type { ElfNote, ElfProgram, ElfSegment } from '../loader/elf.js';
export type { BootScreen } from '../display/boot-screen.js';
export { elfMachine, isElf, readElf, readElf64 } from '../loader/elf.js';
export {
  ELF_HEADER_BYTES,
  ELF_PROGRAM_HEADER_BYTES,
  ElfMachine,
  ElfSegmentType,
  ElfType,
} from '../loader/elf64-format.js';
export type { ElfHeader, ElfProgramHeader } from '../loader/write-elf64.js';
export { writeElfHeader, writeElfProgramHeader } from '../loader/write-elf64.js';
export { gunzip, isGzip } from '../loader/gunzip.js';
export type { ImageProblem } from '../loader/image-error.js';
export { ImageError } from '../loader/image-error.js';
export { RamPlan } from '../loader/ram-plan.js';
export { sha256 } from '../loader/sha256.js';
export { sizeText } from '../loader/size-text.js';
export { alignUp } from '../memory/align-up.js';
export type { AddressRange } from '../memory/address-range.js';
export { PHYSICAL_ADDRESS_LIMIT, formatRange } from '../memory/address-range.js';
export { GuestPhysicalMap } from '../memory/guest-physical-map.js';
export { IoPortMap } from '../memory/io-port-map.js';
export type { PortRegion } from '../memory/io-port-map.js';
export type { MemoryRegion, MmioRegion, RamRegion, ReservedRegion } from '../memory/memory-region.js';
export type { PhysicalMap } from '../memory/physical-map.js';
export { RamGuestMemory } from '../memory/ram-guest-memory.js';
export { VmMemory } from '../memory/vm-memory.js';
export { GuestExits } from '../vcpu/guest-exits.js';
export { INSPECT, vcpuSummary } from '../vcpu/inspection.js';
export type { Vcpu } from '../vcpu/vcpu.js';
export { VcpuExit } from '../vcpu/vcpu.js';
export type { UnsupportedKind, UnsupportedPolicies, UnsupportedPolicy } from '../vm/unsupported.js';
export { DEFAULT_UNSUPPORTED } from '../vm/unsupported.js';
