import { statSync } from 'node:fs';
import type { CaptureOutputs } from '@qvm/vswitch';
import type { HostPaths } from '../host/hypervisor-host.js';
import { claimFile } from './files/file-claim.js';
import { fileIdentity } from './files/file-identity.js';
import { OutputFile, outputProblem } from './files/output-file.js';

/**
 * Identities of files in the file system.
 *
 * @experimental
 */
export const nodePaths: HostPaths = {
  identity: fileIdentity,
  outputProblem: (path) => outputProblem(path),
  hold(path, owner) {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info?.isFile() !== true) return { dispose: () => undefined };
    const claim = claimFile(path, info, false, owner);
    return { dispose: () => claim.release() };
  },
};

/**
 * Opens capture files like all other outputs.
 *
 * @experimental
 */
export const captureOutputs: CaptureOutputs = {
  problem: (path) => outputProblem(path),
  open: (path, owner) => OutputFile.open(path, { owner }),
};
