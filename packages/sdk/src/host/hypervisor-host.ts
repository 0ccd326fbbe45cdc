import type { Disposable, QvmPlugin } from '@qvm/core';
import type { Environment } from '@qvm/config';
import { QvmError } from '@qvm/core';
import type { DigestStore } from '@qvm/core/architecture';
import { networkPlugin, SwitchFabric } from '@qvm/vswitch';
import { LOGGER } from '../container/tokens.js';
import { MemoryFileSource, type FileSource } from './file-source.js';

/**
 * Identifies the files of a host, so that VMs do not overwrite each other's. All names of a file have the same
 * identity.
 *
 * @experimental
 */
export interface HostPaths {
  /**
   * The identity of a file, even if it does not exist yet; `undefined` for files that can be shared, such as
   * `/dev/null`.
   */
  identity(path: string): string | undefined;
  /** The reason why an output cannot be written to a path, or `undefined`. Opens nothing. */
  outputProblem(path: string): string | undefined;
  /**
   * Declares that a file is being read, until it is released: nothing in qvm writes to it meanwhile.
   *
   * @param owner - name of the reader for the messages that others get.
   * @throws QvmError when it is being written.
   */
  hold(path: string, owner: string): Disposable;
}

/**
 * The SDK's interface to its platform. `@qvm/sdk` has one for Node and one for all other platforms.
 *
 * @experimental
 */
export interface HypervisorHost {
  /** The files that configurations name. */
  readonly files: FileSource;
  /** Absent on hosts without a file system. */
  readonly paths?: HostPaths;
  /** Keeps images that take long to unpack; absent: they are unpacked for each VM. */
  readonly unpacked?: DigestStore | undefined;
  /** Keeps translations of guest code; absent: each VM begins without. */
  readonly translations?: DigestStore | undefined;
  /** Variables for `${NAME}` in configurations. */
  readonly environment: Environment;
  /** Services that the platform provides, such as character back ends. */
  readonly plugins: readonly QvmPlugin[];
  /** Writes a line to a stream of the process, for `logger … stdout|stderr`; absent if there are no such streams. */
  writeLine?(stream: 'stdout' | 'stderr', line: string): void;
  /** The folder of a file, relative to which its paths are resolved. */
  directoryOf(path: string): string;
  /**
   * Imports a package that a configuration names as a vdev type.
   *
   * @param baseDir - folder of the configuration, from which the package is resolved.
   * @throws when the package is not found.
   */
  importPackage(name: string, baseDir: string): Promise<unknown>;
}

/**
 * A host without files, environment or packages, as in a browser; programs replace the members that they have. Its VMs
 * have networks among each other, without captures and TAP devices.
 *
 * @experimental
 */
export const bareHost: HypervisorHost = {
  files: new MemoryFileSource(),
  environment: {},
  plugins: [networkPlugin((resolver) => new SwitchFabric({ logger: resolver.get(LOGGER) }))],
  directoryOf: (path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))),
  importPackage: (name) =>
    Promise.reject(new QvmError('plugin.import', `this host imports no packages, so not "${name}" either`)),
};
