import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { provide } from '@qvm/core';
import { BLOCK_STORE } from '@qvm/core/services';
import { networkPlugin } from '@qvm/vswitch';
import { createNodeFabric } from '@qvm/vswitch/node';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import { CHARACTER_BACKEND } from '../console/character-backends.js';
import { LOGGER } from '../container/tokens.js';
import { nodeBlockStore } from './block/node-block-store.js';
import { fileBackend } from './file-backend.js';
import { nodeFileSource } from './node-file-source.js';
import { captureOutputs, nodePaths } from './node-paths.js';
import { ptyBackend } from './pty-backend.js';
import { translationFolder, unpackedFolder } from './digest-folder.js';
import { tcpBackend, tcpListenBackend } from './tcp-backend.js';

/**
 * Node: the file system, the process's environment, files and pseudo-terminals as consoles, packages from `node_modules`.
 *
 * @experimental
 */
export const nodeHost: HypervisorHost = {
  files: nodeFileSource,
  paths: nodePaths,
  /** In the folder of guests, if `QVM_GUESTS` names one. */
  get unpacked() {
    return inGuests(unpackedFolder);
  },
  /** In the folder of guests, if `QVM_GUESTS` names one, unless `QVM_TRANSLATIONS` is `off`. */
  get translations() {
    return inGuests(translationFolder);
  },
  get environment() {
    return process.env;
  },
  plugins: [
    networkPlugin((resolver) => createNodeFabric(captureOutputs, { logger: resolver.get(LOGGER) })),
    {
      name: '@qvm/sdk/node',
      apiVersion: 1,
      provides: [
        ...[fileBackend, ptyBackend, tcpBackend, tcpListenBackend].map((backend) => ({
          token: CHARACTER_BACKEND,
          scope: 'host' as const,
          multi: true,
          factory: () => backend,
        })),
        provide({ token: BLOCK_STORE, scope: 'host', factory: () => nodeBlockStore }),
      ],
    },
  ],
  writeLine: (stream, line) => void process[stream].write(`${line}\n`),
  directoryOf: dirname,
  importPackage: async (name, baseDir) => (await import(locate(name, baseDir))) as unknown,
};

function inGuests<T>(open: (guests: string) => T): T | undefined {
  const guests = process.env['QVM_GUESTS'];
  return guests === undefined || guests === '' ? undefined : open(guests);
}

/** Resolves a package from the configuration's folder, then from the place where qvm is installed. */
function locate(name: string, baseDir: string): string {
  try {
    const path = createRequire(resolve(baseDir, 'noop.js')).resolve(name);
    return pathToFileURL(path).href;
  } catch {
    return name;
  }
}
