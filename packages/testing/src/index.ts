export { MemoryBlockBackend } from './block/memory-block-backend.js';
export type { MemoryBlockOptions } from './block/memory-block-backend.js';
export { LoopbackBackend, NullBackend } from './character-backends.js';
export { CollectingLogger } from './collecting-logger.js';
export { factoryProblems, resourceProblems } from './contract/declaration-problems.js';
export { describeVdevContract } from './contract/describe-vdev-contract.js';
export type { VdevContractOptions } from './contract/describe-vdev-contract.js';
export { deviceTreeProblems } from './contract/device-tree-problems.js';
export { hostileStates } from './contract/hostile-states.js';
export { findBadAccess } from './contract/random-accesses.js';
export { createVdev } from './create-vdev.js';
export type { CreateVdevOptions, VdevHarness } from './create-vdev.js';
export { FakeDeviceTreeContext } from './fake-device-tree-context.js';
export { FakeGuestMemory } from './fake-guest-memory.js';
export { FakeHostDevice } from './fake-host-device.js';
export type { FakeHostDeviceOptions } from './fake-host-device.js';
export { FakeInterruptLine } from './fake-interrupt-line.js';
export { FakeMemoryWindow } from './fake-memory-window.js';
export type { WindowContent } from './fake-memory-window.js';
export { FakeVdevContext } from './fake-vdev-context.js';
export type { FakeVdevContextOptions } from './fake-vdev-context.js';
export { elfProgram } from './guest/elf-program.js';
export { runScript } from './guest/run-script.js';
export type { ScriptRun, ScriptRunOptions } from './guest/run-script.js';
export {
  createScriptPlugin,
  scriptArchitecture,
  scriptBoard,
  scriptedGuest,
  scriptPlugin,
} from './guest/script-machine.js';
export type { ScriptBoard } from './guest/script-machine.js';
export { DEFAULT_FIRINGS, ManualClock } from './manual-clock.js';
export { type GivenOptions, parseOptions } from './parse-options.js';
export { createRandom, randomSeed } from './random.js';
export { ScriptedCharacterBackend } from './scripted-character-backend.js';
export { DESC_INDIRECT, DESC_NEXT, DESC_WRITE, DESCRIPTOR_BYTES } from './virtio/driver-ring.js';
export type { DriverRing, UsedElement, VirtioSegment } from './virtio/driver-ring.js';
export { MockVirtioDriver } from './virtio/mock-virtio-driver.js';
export type { DrivenDevice, MockVirtioDriverOptions } from './virtio/mock-virtio-driver.js';
export { MockVirtqueue } from './virtio/mock-virtqueue.js';
export type { MockBuffer, MockUsedBuffer } from './virtio/mock-virtqueue.js';
export { VirtioFeature, VirtioMmio, VirtioStatus } from './virtio/virtio-mmio-registers.js';
