export { fromWireError, toWireError, type WireError } from './errors/wire-error.js';
export type { MemoryRange } from './dump/elf-core.js';
export { dumpOnFailure } from './dump/dump-on-failure.js';
export { EMBEDDED_GUESTS, withEmbeddedGuest } from './worker/embedded-files.js';
export { importPlugin, pluginFiles } from './worker/import-plugin.js';
export { MAX_MEMORY_READ } from './worker/messages.js';
export type { RegisterReport, VdevStatus, VmEnd, VmLaunch, VmStatsReport } from './worker/messages.js';
export { ConsoleHub } from './vm/console-hub.js';
export { HostedVm, type HostedVmListener, type HostedVmOptions } from './vm/hosted-vm.js';
export { RESTART_POLICIES, type RestartPolicy } from './vm/restart-policy.js';
export { VmHost, type VmHostEvents } from './vm/vm-host.js';
export type { Every } from './vm/watchdog.js';
export type { WatchOptions } from './vm/vm-worker.js';
export { controlSocketPath } from './control/socket-path.js';
export { answers } from './control/bind-socket.js';
export { ControlClient } from './control/control-client.js';
export type { ConsoleAttachment } from './control/control-client.js';
export { PROTOCOL_VERSION } from './control/protocol.js';
export type {
  CaptureParams,
  ControlEvent,
  ControlMethod,
  ControlMethods,
  CreatedVm,
  CreateParams,
  HostStatus,
  ShareParams,
  VmSummary,
} from './control/protocol.js';
export { HostLog, type LogFormat } from './host-log.js';
export { HostProcess, type HostProcessOptions } from './host-process.js';
export type { MetricsAddress } from './metrics/metrics-server.js';
export { HostServices } from './services/host-services.js';
export type { ThreadPlace } from './scheduling/thread-placement.js';
