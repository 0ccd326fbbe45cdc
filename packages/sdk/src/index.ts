import { createHypervisorOn, type Hypervisor, type HypervisorOptions } from './hypervisor.js';
import type { HypervisorHost } from './host/hypervisor-host.js';
import { nodeHost } from './node/node-host.js';

export * from './portable.js';
export { connectStreams, type ConnectOptions } from './node/connect-streams.js';
export { nodeBlockStore } from './node/block/node-block-store.js';
export { fileBackend } from './node/file-backend.js';
export { fileIdentity } from './node/files/file-identity.js';
export { type InputFile, openInput, readInput, requireReadable } from './node/files/open-input.js';
export { type OwnFile, removeOwnFile } from './node/files/own-file.js';
export { onOutputLost, OutputFile, type OutputFileOptions, outputProblem } from './node/files/output-file.js';
export { nodeFileSource } from './node/node-file-source.js';
export { translationFolder, unpackedFolder } from './node/digest-folder.js';
export { captureOutputs, nodePaths } from './node/node-paths.js';
export { nodeHost } from './node/node-host.js';
export { optimizingCompiler } from './node/optimizing-compiler.js';
export { ptyBackend } from './node/pty-backend.js';
export { tcpBackend, tcpListenBackend } from './node/tcp-backend.js';

/**
 * Makes a hypervisor.
 *
 * @param host - the platform. Default Node.
 * @experimental
 */
export function createHypervisor(options: HypervisorOptions = {}, host: HypervisorHost = nodeHost): Hypervisor {
  return createHypervisorOn(host, options);
}
