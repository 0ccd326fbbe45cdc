import { ConfigError, findingAt, sourceOf, type Finding, type SourceLocation, type VmSpec } from '@qvm/config';
import { QvmError, VmExitCode } from '@qvm/core';
import { VdevError } from '@qvm/core/host';

/**
 * Thrown when a VM cannot be made or started for a reason other than an error in its configuration's text: an image
 * that cannot be booted, too little memory, a failing plugin. `code` is that of the reason.
 *
 * @experimental
 */
export class StartError extends QvmError {
  /** The same with the location in the configuration that it concerns. */
  readonly finding: Finding;

  constructor(code: string, message: string, at: SourceLocation, options?: { readonly cause?: unknown }) {
    super(code, message, options);
    this.finding = findingAt(at, 'error', code, message);
  }
}

/**
 * The exit code by which a process reports that a VM could not be made or started.
 *
 * @experimental
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return VmExitCode.ConfigurationError;
  return error instanceof QvmError ? VmExitCode.StartFailed : VmExitCode.UnexpectedError;
}

/**
 * The messages of an error and its causes, as one line.
 *
 * @experimental
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current !== undefined && parts.length < 4; current = causeOf(current)) {
    const text = (current instanceof Error ? current.message : String(current)).replace(/\s+/g, ' ').trim();
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text.replace(/\.$/, ''));
  }
  return parts.join(': ');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** Errors of core that concern the abilities of the host rather than the configuration. */
const HOST_ERRORS: ReadonlySet<string> = new Set(['memory.too-large', 'memory.exhausted', 'plugin.failed']);

/**
 * Adds a location in the configuration to an error of the VM's constructor.
 *
 * @param vdev - index of the vdev that was being made, if any.
 * @param place - the location that the error concerns, if known.
 */
export function constructionError(
  error: unknown,
  spec: VmSpec,
  vdev: number | undefined,
  place?: SourceLocation,
): unknown {
  if (!(error instanceof QvmError)) return error;
  const message = describeError(error);
  // A vdev reports problems of its options as QvmError; any other error is a bug in the vdev.
  const broken = error instanceof VdevError && !(error.cause instanceof QvmError);
  const at = place ?? (vdev === undefined ? placeInVm(error.code, spec) : placeOfVdev(spec, vdev, error.code));
  if (broken || HOST_ERRORS.has(error.code)) return new StartError(error.code, message, at, { cause: error });
  return new ConfigError([findingAt(at, 'error', error.code, message)]);
}

/** The fields that errors of booting concern, by the beginnings of their codes; the others concern the image. */
const BOOT_FIELDS = [
  ['initrd.', 'initrd'],
  ['devicetree.', 'dtb'],
  ['image.no-entry', 'entry'],
] as const;

/** Adds a location in the configuration to an error of booting. */
export function bootError(error: unknown, spec: VmSpec): unknown {
  if (!(error instanceof QvmError)) return error;
  const field = BOOT_FIELDS.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 'image';
  return new StartError(error.code, describeError(error), sourceOf(spec.source, field), { cause: error });
}

/**
 * Adds to the failure of a character back end the location of the option that names it.
 *
 * @param vdev - index of the vdev that opened it; absent for a vdev that the configuration does not name.
 */
export function backendError(cause: unknown, spec: VmSpec, designator: string, vdev: number | undefined): StartError {
  const code = cause instanceof QvmError ? cause.code : 'console.open';
  return new StartError(code, describeError(cause), placeOfBackend(spec, designator, vdev), { cause });
}

/** The location of the option that names a character back end. */
export function placeOfBackend(spec: VmSpec, designator: string, vdev: number | undefined): SourceLocation {
  const options = vdev === undefined ? [] : (spec.vdevs[vdev]?.options ?? []);
  // The options of further ports have the form NAME:DESIGNATOR.
  const option = options.find(({ value }) => value === designator || value?.endsWith(`:${designator}`) === true);
  return option?.valueAt ?? (vdev === undefined ? sourceOf(spec.source, 'vdev') : placeOfVdev(spec, vdev));
}

function placeInVm(code: string, spec: VmSpec): SourceLocation {
  // A vdev that the configuration does not name can only conflict with the RAM.
  const inRam = code.startsWith('memory.') || code.startsWith('vdev.');
  if (inRam) return sourceOf(spec.source, 'ram');
  return sourceOf(spec.source, code === 'vm.vcpus' ? 'cpus' : 'name');
}

/** Codes of errors about the type of a vdev. */
const TYPE_ERRORS: ReadonlySet<string> = new Set(['vdev.architecture', 'vdev.no-ports']);

/** Options that errors are about, by code. */
const OPTION_ERRORS: ReadonlyMap<string, readonly string[]> = new Map([
  ['vdev.irq-taken', ['irq', 'intr']],
  ['vdev.base-taken', ['base', 'ports', 'loc']],
  ['memory.overlap', ['base', 'ports', 'loc']],
  ['memory.range', ['base', 'ports', 'loc']],
  ['memory.alignment', ['base', 'loc']],
]);

function placeOfVdev(spec: VmSpec, index: number, code = ''): SourceLocation {
  const vdev = spec.vdevs[index];
  if (vdev?.source === undefined) return sourceOf(spec.source, 'vdev');
  const options = OPTION_ERRORS.get(code) ?? [];
  const setting = vdev.options.findLast(({ name }) => options.includes(name));
  return setting?.valueAt ?? sourceOf(vdev.source, TYPE_ERRORS.has(code) ? 'type' : 'config');
}
