import { ConfigError, type Finding, type VmSpec } from '@qvm/config';
import { type Logger, type Token, VmExitCode } from '@qvm/core';
import { type BootFiles, type Vm } from '@qvm/core/host';
import { BLOCK_STORE, type BlockStore } from '@qvm/core/services';
import { LOGGER } from '../container/tokens.js';
import { BackendOpenings } from './backend-openings.js';
import { bootError, StartError } from './build-error.js';
import { Findings } from './collect.js';
import { memoryMapOf, type MappedRange } from './memory-map.js';
import { consolesOf, constructVm, servicesOf, type BuildablePlan, type ServiceLookup } from './vm-construction.js';
import type { VmCreateOptions } from './vm-create-options.js';
import { planVm, type BuilderServices } from './vm-plan.js';
import type { VmSource } from './vm-source.js';

/**
 * The result of a check of a VM.
 *
 * @experimental
 */
export interface VmCheck {
  /** Errors, warnings and notes, in the order in which they were found. */
  readonly findings: readonly Finding[];
  /**
   * Exit code of a process that starts this VM: 0 when there is no error, 65 when an error is in the configuration, 64
   * when the host cannot make the VM or it cannot be booted.
   */
  readonly exitCode: number;
  /**
   * All occupied ranges of guest-physical memory before the start, in ascending order; absent when a vdev or the VM
   * cannot be built.
   */
  readonly map?: readonly MappedRange[];
}

/**
 * Performs all steps before the guest runs, including loading it, and collects all errors. Opens no character back end
 * and only inspects disks.
 */
export async function checkVm(source: VmSource, options: VmCreateOptions, services: BuilderServices): Promise<VmCheck> {
  const check = new Check();
  const plan = await planVm(source, options, services, check.findings);
  try {
    if (plan?.platform !== undefined && plan.spec.ram.length !== 0) {
      const logger = options.logger ?? services.root.get<Logger>(LOGGER.key);
      await check.tryOut({ ...plan, platform: plan.platform }, plan.files, options, logger);
    }
  } finally {
    plan?.container.unbindAll();
  }
  return check.result();
}

/** The findings, and errors of the host for a valid configuration. */
class Check {
  readonly findings = new Findings();
  readonly #refusals: Finding[] = [];
  #map: readonly MappedRange[] | undefined;

  result(): VmCheck {
    const { all, failed } = this.findings;
    const refused = this.#refusals.length === 0 ? VmExitCode.Normal : VmExitCode.StartFailed;
    return {
      findings: [...all, ...this.#refusals],
      exitCode: failed ? VmExitCode.ConfigurationError : refused,
      ...(this.#map === undefined ? {} : { map: this.#map }),
    };
  }

  /** Builds the VM without the vdevs that are refused, and loads its guest. */
  async tryOut(
    plan: BuildablePlan,
    files: BootFiles | undefined,
    options: VmCreateOptions,
    logger: Logger,
  ): Promise<void> {
    const host = {
      logger,
      openCharacterBackend: consolesOf(plan, logger).check,
      service: onlyLooking(servicesOf(plan)),
    };
    let leftOut = plan.vdevs.length < plan.spec.vdevs.length;
    let bootable = true;
    const refused = (error: unknown, vdev: number | undefined): void => {
      // An error of an implicit vdev may be a consequence of another vdev's omission.
      if (vdev !== undefined || !leftOut) this.#add(error);
      bootable &&= vdev !== undefined;
      leftOut = true;
    };
    let vm: Vm | undefined;
    try {
      vm = constructVm(plan, options, host, new BackendOpenings(plan.spec), refused);
      if (!leftOut) this.#map = memoryMapOf(vm);
      if (bootable && files !== undefined) await rehearse(vm, files, plan.spec);
    } catch (error) {
      this.#add(error);
    } finally {
      await vm?.close();
    }
  }

  /** @throws errors that are neither in the configuration nor a refusal of the host. */
  #add(error: unknown): void {
    if (error instanceof ConfigError) this.findings.add(...error.findings);
    else if (error instanceof StartError) this.#refusals.push(error.finding);
    else throw error;
  }
}

/** @throws StartError */
async function rehearse(vm: Vm, files: BootFiles, spec: VmSpec): Promise<void> {
  try {
    await vm.rehearse(files);
  } catch (error) {
    throw bootError(error, spec);
  }
}

/** The same services, with disks that are only inspected. */
function onlyLooking(services: ServiceLookup): ServiceLookup {
  return <T>(token: Token<T>): T | undefined => {
    const found = services(token);
    return found !== undefined && token.key === BLOCK_STORE.key ? (inspecting(found as BlockStore) as T) : found;
  };
}

function inspecting(store: BlockStore): BlockStore {
  return { open: (path, options) => store.open(path, { ...options, inspect: true }) };
}
