import type { LintRule } from '../lint-rule.js';
import { consoleMismatch } from './console-mismatch.js';
import { cpuBeyondHost } from './cpu-beyond-host.js';
import { cpuOfHost } from './cpu-of-host.js';
import { cpuShared } from './cpu-shared.js';
import { duplicateMac } from './duplicate-mac.js';
import { duplicateVm } from './duplicate-vm.js';
import { endpointTaken } from './endpoint-taken.js';
import { fileConflict } from './file-conflict.js';
import { filesExceedRam } from './files-exceed-ram.js';
import { interruptRange } from './interrupt-range.js';
import { interruptShared } from './interrupt-shared.js';
import { loadOutsideMemory } from './load-outside-memory.js';
import { lonelySwitch } from './lonely-switch.js';
import { memoryTotal } from './memory-total.js';
import { missingDisk } from './missing-disk.js';
import { missingImage } from './missing-image.js';
import { noPorts } from './no-ports.js';
import { passedTwice } from './passed-twice.js';
import { peerMissing } from './peer-missing.js';
import { peerTaken } from './peer-taken.js';
import { priorityAboveHost } from './priority-above-host.js';
import { regionOverlap } from './region-overlap.js';
import { rootDevice } from './root-device.js';
import { sharedDisk } from './shared-disk.js';
import { shmemSize } from './shmem-size.js';
import { shmemTwoServers } from './shmem-two-servers.js';
import { shmemWithoutServer } from './shmem-without-server.js';
import { unalignedRegisters } from './unaligned-registers.js';
import { unknownSwitch } from './unknown-switch.js';

/** Every rule, in order of its code. @experimental */
export const LINT_RULES: readonly LintRule[] = [
  consoleMismatch,
  cpuBeyondHost,
  cpuOfHost,
  cpuShared,
  duplicateMac,
  duplicateVm,
  endpointTaken,
  fileConflict,
  filesExceedRam,
  interruptRange,
  interruptShared,
  loadOutsideMemory,
  lonelySwitch,
  memoryTotal,
  missingDisk,
  missingImage,
  noPorts,
  passedTwice,
  peerMissing,
  peerTaken,
  priorityAboveHost,
  regionOverlap,
  rootDevice,
  sharedDisk,
  shmemSize,
  shmemTwoServers,
  shmemWithoutServer,
  unalignedRegisters,
  unknownSwitch,
];
