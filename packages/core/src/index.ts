/**
 * For all plugins and host programs: plugins, tokens, errors, logging, exit codes. The rest has entries by role: `/vdev`, `/services`,
 * `/options`, `/hooks`, `/architecture`, `/board`, `/host`.
 *
 * @module
 */

export { QvmError } from './errors/qvm-error.js';
export type { Disposable } from './disposal/disposable.js';
export type { LogLevel, Logger } from './log/logger.js';
export { silentLogger } from './log/logger.js';
export type { HookPlugin, PluginVm, Provider, QvmPlugin, Resolver } from './plugin/plugin.js';
export {
  ARCHITECTURE,
  BOARD,
  HOOK_PLUGIN,
  PLUGIN_API_VERSION,
  VDEV_FACTORY,
  provide,
  requireCompatible,
} from './plugin/plugin.js';
export type { Token } from './plugin/token.js';
export { createToken } from './plugin/token.js';
export { hexadecimal } from './text/hexadecimal.js';
export type { Json } from './vdev/vdev.js';
export type { VmExit } from './vm/vm-exit.js';
export { VmExitCode } from './vm/vm-exit.js';
