import type { VdevOptions } from '@qvm/core/vdev';
import { type Logger } from '@qvm/core';
import { Vm, type VdevSpec, type VmOptions } from '@qvm/core/host';
import { ConsoleSet } from '../console/console-set.js';
import type { BackendOpenings } from './backend-openings.js';
import { constructionError } from './build-error.js';
import type { Platform } from './find-platform.js';
import { defaultVdev } from './vdev-options.js';
import type { VmCreateOptions } from './vm-create-options.js';
import type { VmPlan } from './vm-plan.js';

/** Looks up the services that the host offers to vdevs. */
export type ServiceLookup = NonNullable<VmOptions['service']>;

/** The services that the providers of a plan offer to vdevs. */
export function servicesOf(plan: VmPlan): ServiceLookup {
  return (token) => plan.container.get(token.key, { optional: true });
}

/** The consoles of a plan's VM. */
export function consolesOf(plan: VmPlan, logger: Logger, announce?: (message: string) => void): ConsoleSet {
  return new ConsoleSet(plan.registries.backends, {
    vm: plan.spec.name,
    baseDir: plan.spec.baseDir,
    logger,
    announce: announce ?? ((message) => logger.log('info', message)),
  });
}

/** Services of the host for the VM. */
export type HostOptions = Required<Pick<VmOptions, 'openCharacterBackend' | 'service' | 'logger'>>;

/** A plan with everything that is needed to build a VM. */
export interface BuildablePlan extends VmPlan {
  readonly platform: Platform;
}

/**
 * Builds the VM of a plan.
 *
 * @param refused - for checks: called with each vdev that cannot be made and its index in the specification (absent
 * for an implicit vdev). Without it, the first such vdev ends the construction.
 * @throws ConfigError, StartError.
 */
export function constructVm(
  plan: BuildablePlan,
  options: VmCreateOptions,
  host: HostOptions,
  openings: BackendOpenings,
  refused?: (error: unknown, vdev: number | undefined) => void,
): Vm {
  const { spec, registries, platform } = plan;
  const image = plan.files?.image.bytes;
  const firmware = image !== undefined && platform.architecture.isFirmware?.(image) === true;
  let current: number | undefined;
  const vdevRefused = (error: unknown): void => {
    const placed = constructionError(error, spec, current, openings.refusedAt(error));
    if (refused === undefined) throw placed;
    refused(placed, current);
  };
  const vdevs = plan.vdevs.map((vdev) => observed(vdev, () => (current = vdev.index)));
  try {
    return new Vm({
      name: spec.name,
      ...platform,
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
      ...(firmware ? { firmwareBytes: image.length } : {}),
      ...(spec.reserve === undefined ? {} : { reserve: spec.reserve }),
      ...(spec.unsupported === undefined ? {} : { unsupported: spec.unsupported }),
      vdevs,
      implicitVdev: (type) => {
        const factory = registries.vdevs.get(type);
        return factory === undefined ? undefined : observed(defaultVdev(factory), () => (current = undefined));
      },
      ...host,
      openCharacterBackend: openings.watch(host.openCharacterBackend, () => current),
      vdevRefused,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      ...(options.onReset === undefined ? {} : { onReset: options.onReset }),
      ...(options.resetLimit === undefined ? {} : { resetLimit: options.resetLimit }),
      plugins: plan.hookPlugins,
    });
  } catch (error) {
    throw constructionError(error, spec, undefined);
  }
}

/** The same vdev, which reports when it is about to be made: core's errors identify instances by name only. */
function observed({ factory, options }: VdevSpec, begun: () => void): VdevSpec {
  return {
    options,
    factory: {
      type: factory.type,
      description: factory.description,
      options: factory.options,
      ...(factory.console === undefined ? {} : { console: factory.console }),
      ...(factory.architecture === undefined ? {} : { architecture: factory.architecture }),
      resources: (values: VdevOptions, machine) => {
        begun();
        return factory.resources(values, machine);
      },
      create: (context, values: VdevOptions) => factory.create(context, values),
    },
  };
}
