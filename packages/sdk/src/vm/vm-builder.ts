import { ConfigError, type Finding } from '@qvm/config';
import { BLOCK_STORE, Vm } from '@qvm/core';
import type { BlockStore, Disposable, Logger, Token, VdevSpec, VmOptions } from '@qvm/core';
import { ConsoleSet } from '../console/console-set.js';
import { LOGGER } from '../container/tokens.js';
import { BackendOpenings } from './backend-openings.js';
import { constructionError } from './build-error.js';
import { configuredLogger } from './configured-logger.js';
import { Findings } from './collect.js';
import { holdInputs } from './file-uses.js';
import { defaultVdev } from './vdev-options.js';
import { VmController } from './vm-handle.js';
import type { VmCreateOptions } from './vm-create-options.js';
import { planVm, type BuilderServices, type VmPlan } from './vm-plan.js';
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
  const plan = await planVm(source, options, services, new Findings());
  const { spec, container, files, findings, fileUses } = plan;
  const base = options.logger ?? container.get<Logger>(LOGGER.key);
  const { host } = services;
  const logger = configuredLogger(spec.name, spec.logger, base, host.writeLine?.bind(host));
  const consoles = consolesOf(plan, logger, options.onAnnouncement);
  const openings = new BackendOpenings(spec);
  const held: Disposable[] = [];
  const release = (): void => {
    for (const claim of held) claim.dispose();
    container.unbindAll();
  };
  let vm: Vm | undefined;
  try {
    held.push(holdInputs(fileUses, host.paths));
    vm = construct(plan, options, { logger, openCharacterBackend: consoles.open, service: servicesOf(plan) }, openings);
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

/**
 * Does all that comes before the start, opens no character back end and only looks at disks: everything that is wrong with a configuration.
 */
export async function checkVm(
  source: VmSource,
  options: VmCreateOptions,
  services: BuilderServices,
): Promise<readonly Finding[]> {
  const findings = new Findings();
  const logger = options.logger ?? services.root.get<Logger>(LOGGER.key);
  await findings.attempt(async () => {
    const plan = await planVm(source, options, services, findings).catch((error: unknown) => {
      // planVm throws what it found; it is in the list already.
      if (!(error instanceof ConfigError) || findings.all.length === 0) throw error;
      return undefined;
    });
    if (plan === undefined) return;
    const service = onlyLooking(servicesOf(plan));
    const openCharacterBackend = consolesOf(plan, logger).check;
    try {
      await construct(plan, options, { logger, openCharacterBackend, service }, new BackendOpenings(plan.spec)).close();
    } finally {
      plan.container.unbindAll();
    }
  });
  return findings.all;
}

/** Finds what the host offers to vdevs. */
type ServiceLookup = NonNullable<VmOptions['service']>;

function servicesOf(plan: VmPlan): ServiceLookup {
  return (token) => plan.container.get(token.key, { optional: true });
}

/** The same services, with disks that are inspected only. */
function onlyLooking(services: ServiceLookup): ServiceLookup {
  return <T>(token: Token<T>): T | undefined => {
    const found = services(token);
    return found !== undefined && token.key === BLOCK_STORE.key ? (inspecting(found as BlockStore) as T) : found;
  };
}

function inspecting(store: BlockStore): BlockStore {
  return { open: (path, options) => store.open(path, { ...options, inspect: true }) };
}

function consolesOf(plan: VmPlan, logger: Logger, announce?: (message: string) => void): ConsoleSet {
  return new ConsoleSet(plan.registries.backends, {
    vm: plan.spec.name,
    baseDir: plan.spec.baseDir,
    logger,
    announce: announce ?? ((message) => logger.log('info', message)),
  });
}

/** What the VM gets of its host. */
type HostOptions = Required<Pick<VmOptions, 'openCharacterBackend' | 'service' | 'logger'>>;

function construct(plan: VmPlan, options: VmCreateOptions, host: HostOptions, openings: BackendOpenings): Vm {
  const { spec, registries, architecture } = plan;
  let current: number | undefined;
  const vdevs = plan.vdevs.map((vdev, index) => observed(vdev, () => (current = index)));
  try {
    return new Vm({
      name: spec.name,
      architecture,
      vcpus: spec.cpus,
      ram: [
        ...spec.ram.map(({ base, size }) => ({ size, ...(base === undefined ? {} : { base }) })),
        ...(spec.rom ?? []).map(({ base = 0, size }, index) => ({
          kind: 'rom' as const,
          name: `rom${index}`,
          base,
          size,
        })),
      ],
      ...(spec.reserve === undefined ? {} : { reserve: spec.reserve }),
      ...(spec.unsupported === undefined ? {} : { unsupported: spec.unsupported }),
      vdevs,
      implicitVdev: (type) => {
        const factory = registries.vdevs.get(type);
        return factory === undefined ? undefined : observed(defaultVdev(factory), () => (current = undefined));
      },
      ...host,
      openCharacterBackend: openings.watch(host.openCharacterBackend, () => current),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      ...(options.onReset === undefined ? {} : { onReset: options.onReset }),
      plugins: plan.hookPlugins,
    });
  } catch (error) {
    throw constructionError(error, spec, current);
  }
}

/** The same vdev, which says when its turn comes to be made: core's errors know instances by name only. */
function observed({ factory, options }: VdevSpec, begun: () => void): VdevSpec {
  return {
    options,
    factory: {
      type: factory.type,
      description: factory.description,
      options: factory.options,
      ...(factory.console === undefined ? {} : { console: factory.console }),
      resources: (values) => {
        begun();
        return factory.resources(values);
      },
      create: (context, values) => factory.create(context, values),
    },
  };
}
