import { QvmError } from '@qvm/core';
import type { OptionSpec, OptionValues } from '@qvm/core/vdev';
import type { TerminalSize } from '@qvm/core/services';

/** A port as the options name it. */
export interface PortSpec {
  readonly name: string;
  readonly hostdev: string;
}

/** VirtIO has no limit; drivers get four queues for each. */
const MOST_PORTS = 31;
/** What a guest can use as a file's name, as Linux's udev does. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

const sizeOption = (name: string, description: string, value: string): OptionSpec => ({
  name,
  kind: 'number',
  description,
  min: 0,
  max: 0xffff,
  default: value,
});

/** Options of the device, beyond those of its transport. */
export const CONSOLE_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'hostdev',
    kind: 'string',
    description: 'Where the characters of the console go and come from: stdio, null, pty, file:PATH and so on',
    required: true,
  },
  {
    name: 'port',
    kind: 'string',
    description: 'A further port, NAME:HOSTDEV; Linux has it as /dev/virtio-ports/NAME',
    repeatable: true,
  },
  sizeOption('columns', 'Width of the terminal in characters, while hostdev has none that says its size', '80'),
  sizeOption('rows', 'Height of the terminal in characters, as columns', '25'),
];

/** The size that the terminal has while nobody says another. */
export function sizeOf({ columns, rows }: OptionValues): TerminalSize {
  return { columns: Number(columns), rows: Number(rows) };
}

/**
 * The ports of a console: the console itself, then those of the `port` options.
 *
 * @throws QvmError `vdev.option`
 */
export function portsOf(options: OptionValues): readonly PortSpec[] {
  const named = (Array.isArray(options['port']) ? options['port'] : []).map((text) => portOf(String(text)));
  if (named.length > MOST_PORTS) throw new QvmError('vdev.option', `A console has at most ${MOST_PORTS} more ports.`);
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new QvmError('vdev.option', `Two ports of a console are named ${twice.name}.`);
  return [{ name: '', hostdev: String(options['hostdev']) }, ...named];
}

function portOf(text: string): PortSpec {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon);
  const hostdev = text.slice(colon + 1);
  if (colon < 0 || !NAME.test(name) || hostdev === '') {
    throw new QvmError('vdev.option', `The port "${text}" is not NAME:HOSTDEV, such as "agent:stream:agent".`);
  }
  return { name, hostdev };
}
