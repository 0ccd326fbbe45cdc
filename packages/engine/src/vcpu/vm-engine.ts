import type { MachineServices } from '@qvm/core/architecture';
import type { CodeCache } from '../code/code-cache.js';
import type { VcpuMode } from '../code/vm-modes.js';
import type { MainRam } from '../memory/main-ram.js';
import type { SlowPaths } from './run-function.js';

/**
 * The parts of the engine that the vCPUs of a VM share.
 *
 * @experimental
 */
export interface VmEngine {
  /** Services of the VM. */
  readonly services: MachineServices;
  /** Decoded instructions of the VM, for all vCPUs. */
  readonly code: CodeCache;
  /** The RAM that generated code reaches itself. */
  readonly ram: MainRam;
  /** Makes the generated code of a mode for one vCPU. */
  enterMode(mode: number, cpu: number, slowPaths: SlowPaths): VcpuMode;
}
