import type { QvmPlugin } from '@qvm/core';
import type { Environment } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { networkPlugin, SwitchFabric } from '@qvm/vswitch';
import { LOGGER } from '../container/tokens.js';
import { MemoryFileSource, type FileSource } from './file-source.js';

/**
 * What the SDK needs of the platform it runs on. `@qvm/sdk` brings one for Node and one for everything else.
 *
 * @experimental
 */
export interface HypervisorHost {
  readonly files: FileSource;
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
