import { closeSync, statSync } from 'node:fs';
import type { Disposable } from '@qvm/core';
import type { CaptureOutputs } from '@qvm/vswitch';
import type { HostPaths } from '../host/hypervisor-host.js';
import { claimFile, type FileClaim } from './files/file-claim.js';
import { fileIdentity } from './files/file-identity.js';
import { openInput } from './files/open-input.js';
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
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { dispose: () => undefined };
    // A claim is for an inode. While the file is open, no other file can get that inode, even if this one is deleted.
    const { descriptor, info } = openInput(path);
    try {
      const claim = claimFile(path, info, false, owner);
      return new HeldFile(claim, descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  },
};

/** A file that is claimed and open. */
class HeldFile implements Disposable {
  readonly #claim: FileClaim;
  #descriptor: number | undefined;

  constructor(claim: FileClaim, descriptor: number) {
    this.#claim = claim;
    this.#descriptor = descriptor;
  }

  dispose(): void {
    if (this.#descriptor === undefined) return;
    this.#claim.release();
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * Opens capture files like all other outputs.
 *
 * @experimental
 */
export const captureOutputs: CaptureOutputs = {
  problem: (path) => outputProblem(path),
  open: (path, owner) => OutputFile.open(path, { owner }),
};
