import { QvmError } from '@qvm/core';
import { type CharacterBackendOpener } from '@qvm/core/host';
import { nearestName } from '@qvm/core/options';
import type { CharacterBackendContext, CharacterBackendFactory } from './character-backends.js';
import { ConsoleChannel } from './console-channel.js';
import type { ConsoleStream } from './console-stream.js';
import { openNullBackend } from './null-backend.js';

const STREAM = 'stream';
const STDIO = 'stdio';

/** The meaning of a designator. */
type Resolution =
  | { readonly stream: string; readonly factory?: undefined; readonly argument?: undefined }
  | { readonly stream?: undefined; readonly factory: CharacterBackendFactory; readonly argument: string };

/**
 * The consoles of one VM: its in-process streams, and the opener that its vdevs use.
 */
export class ConsoleSet {
  readonly #factories: ReadonlyMap<string, CharacterBackendFactory>;
  readonly #context: CharacterBackendContext;
  readonly #streams = new Map<string, ConsoleChannel>();
  readonly #claimed = new Set<string>();

  constructor(factories: ReadonlyMap<string, CharacterBackendFactory>, context: CharacterBackendContext) {
    this.#factories = factories;
    this.#context = context;
  }

  /** The opener for `VmOptions`. */
  readonly open: CharacterBackendOpener = (designator) => {
    const { stream, factory, argument } = this.#resolve(designator);
    if (stream !== undefined) return this.#channel(stream).backend;
    return factory.open(argument, this.#context);
  };

  /** Reports the same errors as `open` for checks, without opening anything. */
  readonly check: CharacterBackendOpener = (designator) => {
    const { factory, argument } = this.#resolve(designator);
    factory?.check?.(argument, this.#context);
    return openNullBackend();
  };

  /** An in-process stream by name, made on first use by either side. */
  stream(name: string): ConsoleStream {
    return this.#channel(name);
  }

  /** Ends all streams, for VMs whose vdevs were never made or are disposed of. */
  close(): void {
    for (const channel of this.#streams.values()) channel.close();
  }

  #channel(name: string): ConsoleChannel {
    const channel = this.#streams.get(name) ?? new ConsoleChannel(name);
    this.#streams.set(name, channel);
    return channel;
  }

  #resolve(designator: string): Resolution {
    const colon = designator.indexOf(':');
    const scheme = colon < 0 ? designator : designator.slice(0, colon);
    const argument = colon < 0 ? '' : designator.slice(colon + 1);
    if (scheme === STDIO && colon < 0) return { stream: this.#claim(STDIO, designator) };
    if (scheme === STREAM && argument !== '') return { stream: this.#claim(argument, designator) };
    const factory = this.#factories.get(scheme);
    if (factory === undefined) throw this.#unknown(designator, scheme);
    checkArgument(factory, designator, colon < 0 ? undefined : argument);
    return { factory, argument };
  }

  #claim(name: string, designator: string): string {
    if (this.#claimed.has(name)) {
      throw new QvmError(
        'console.in-use',
        `two vdevs use "${designator}"; give one of them another hostdev, such as null`,
      );
    }
    this.#claimed.add(name);
    return name;
  }

  #unknown(designator: string, scheme: string): QvmError {
    const schemes = [STDIO, STREAM, ...this.#factories.keys()];
    const nearest = nearestName(scheme, schemes);
    const hint = nearest === undefined ? `there are ${schemes.join(', ')}` : `did you mean "${nearest}"?`;
    return new QvmError('console.unknown', `there is no character back end "${designator}"; ${hint}`);
  }
}

function checkArgument(factory: CharacterBackendFactory, designator: string, argument: string | undefined): void {
  if (factory.argument === undefined && argument !== undefined) {
    throw new QvmError('console.argument', `"${designator}": nothing may follow "${factory.scheme}"`);
  }
  if (factory.argument !== undefined && (argument === undefined || argument === '')) {
    throw new QvmError('console.argument', `"${designator}": right would be "${factory.scheme}:${factory.argument}"`);
  }
}
