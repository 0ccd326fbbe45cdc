import type { Disposable, QvmPlugin } from '@qvm/core';
import type { Environment } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { networkPlugin, SwitchFabric } from '@qvm/vswitch';
import { LOGGER } from '../container/tokens.js';
import { MemoryFileSource, type FileSource } from './file-source.js';

/**
 * The files of a host as things that VMs must not destroy for each other. One text, the identity, stands for all names of a file.
 *
 * @experimental
 */
export interface HostPaths {
  /** The identity of a file, also of one that is not there yet; `undefined` for what several can use, such as `/dev/null`. */
  identity(path: string): string | undefined;
  /** Why an output cannot be written at a path, or `undefined`. Opens nothing. */
  outputProblem(path: string): string | undefined;
  /**
   * Says that a file is being read, until it is released: nothing in qvm writes it meanwhile.
   *
   * @param owner - for the messages of others.
   * @throws QvmError when it is being written.
   */
  hold(path: string, owner: string): Disposable;
}

/**
 * What the SDK needs of the platform it runs on. `@qvm/sdk` brings one for Node and one for everything else.
 *
 * @experimental
 */
export interface HypervisorHost {
  /** The files that configurations name. */
  readonly files: FileSource;
  /** Absent on hosts without files of their own. */
  readonly paths?: HostPaths;
  /** Variables for `${NAME}` in configurations. */
  readonly environment: Environment;
  /** What the platform adds, such as character back ends. */
  readonly plugins: readonly QvmPlugin[];
  /** Writes a line to a stream of the process, for `logger … stdout|stderr`; absent where there are none. */
  writeLine?(stream: 'stdout' | 'stderr', line: string): void;
  /** The folder of a file: where its relative paths begin. */
  directoryOf(path: string): string;
  /**
   * Imports a package that a configuration names as a vdev type.
   *
   * @param baseDir - folder of the configuration: the package is looked up from there.
   * @throws when there is none
   */
  importPackage(name: string, baseDir: string): Promise<unknown>;
}

/**
 * A host without files, environment or packages, as in a browser: programs replace what they have. Its VMs have networks
 * among each other, without captures and TAP devices.
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
