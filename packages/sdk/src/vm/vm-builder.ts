import { ConfigError } from '@qvm/config';
import type { Disposable, Logger } from '@qvm/core';
import type { BootFiles, Vm } from '@qvm/core/host';
import { LOGGER } from '../container/tokens.js';
import { BackendOpenings } from './backend-openings.js';
import { configuredLogger } from './configured-logger.js';
import { Findings } from './collect.js';
import { holdInputs } from './file-uses.js';
import { consolesOf, constructVm, servicesOf, type BuildablePlan } from './vm-construction.js';
import { VmController } from './vm-handle.js';
import type { VmCreateOptions } from './vm-create-options.js';
import { planVm, type BuilderServices } from './vm-plan.js';
import type { VmSource } from './vm-source.js';

/**
 * @throws ConfigError, StartError
 */
export async function buildVm(
  source: VmSource,
  options: VmCreateOptions,
  services: BuilderServices,
  released: (vm: VmController) => void,
): Promise<VmController> {
  const findings = new Findings();
  const plan = await planVm(source, options, services, findings);
  if (findings.failed || plan?.platform === undefined || plan.files === undefined) {
    plan?.container.unbindAll();
    throw new ConfigError(findings.all);
  }
  const { platform, files } = plan;
  return buildPlanned({ ...plan, platform }, files, options, services, released);
}

async function buildPlanned(
  plan: BuildablePlan,
  files: BootFiles,
  options: VmCreateOptions,
  { host }: BuilderServices,
  released: (vm: VmController) => void,
): Promise<VmController> {
  const { spec, container, findings, fileUses } = plan;
  const base = options.logger ?? container.get<Logger>(LOGGER.key);
  const logger = configuredLogger(spec.name, spec.logger, base, host.writeLine?.bind(host));
  const consoles = consolesOf(plan, logger, options.onAnnouncement);
  const openings = new BackendOpenings(spec);
  const offered = { logger, openCharacterBackend: consoles.open, service: servicesOf(plan) };
  const held: Disposable[] = [];
  const release = (): void => {
    for (const claim of held) claim.dispose();
    container.unbindAll();
  };
  let vm: Vm | undefined;
  try {
    held.push(holdInputs(fileUses, host.paths));
    vm = constructVm(plan, options, offered, openings);
    await openings.settled();
  } catch (error) {
    await vm?.close();
    release();
    throw error;
  }
  const controller: VmController = new VmController({
    vm,
    spec,
    warnings: findings.all,
    files,
    consoles,
    released: () => {
      release();
      released(controller);
    },
  });
  return controller;
}
