export {
  CHARACTER_BACKEND,
  type CharacterBackendContext,
  type CharacterBackendFactory,
} from './console/character-backends.js';
export { MAX_KEPT_OUTPUT, type ConsoleStream } from './console/console-stream.js';
export { openNullBackend } from './console/null-backend.js';
export { LOGGER } from './container/tokens.js';
export { encodePng } from './display/png.js';
export { FileSourceError, MemoryFileSource, type FileSource } from './host/file-source.js';
export { bareHost, type HostPaths, type HypervisorHost } from './host/hypervisor-host.js';
export type { Hypervisor, HypervisorOptions } from './hypervisor.js';
export { describeError, exitCodeOf, StartError } from './vm/build-error.js';
export { lintFacts, type KnownTypes } from './vm/lint-facts.js';
export type { FileDescription, RamDescription, VdevDescription, VmDescription } from './vm/vm-description.js';
export type { ExitRecord, RamRange, VcpuHandle, VdevHandle, VmHandle } from './vm/vm-handle.js';
export type { MappedRange, VdevInterrupt, VdevPlace } from './vm/memory-map.js';
export type { VmCheck } from './vm/vm-check.js';
export type { VmCreateOptions, VmFile } from './vm/vm-create-options.js';
export { readConfigText, type VmSource } from './vm/vm-source.js';
