import { QvmError } from '@qvm/core';
import { defineOptions, option, show, textKind, type OptionsOf } from '@qvm/core/options';
import type { OptionProblem } from '@qvm/core/vdev';

/** A port as given in the options. */
export interface PortSpec {
  readonly name: string;
  readonly hostdev: string;
}

/** Largest number of ports; VirtIO has no limit, and drivers allocate two queues for each. */
const MOST_PORTS = 31;
/** Names that a guest can use as file names, as Linux' udev does. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

const portKind = textKind('NAME:HOSTDEV', portOf, ({ name, hostdev }) => `${name}:${hostdev}`);

const sizeOption = <const N extends number>(description: string, cells: N) =>
  option.number({ description, min: 0, max: 0xffff, default: cells });

/** Options of the device, beyond those of its transport. */
export const CONSOLE_OPTIONS = defineOptions({
  hostdev: option.character({
    description: 'Back end of the console: stdio, null, pty, file:PATH and so on',
    required: true,
  }),
  port: option.of(portKind, {
    description: 'A further port, NAME:HOSTDEV; Linux has it as /dev/virtio-ports/NAME',
    repeatable: true,
  }),
  columns: sizeOption('Width of the terminal in characters, while hostdev has none that says its size', 80),
  rows: sizeOption('Height of the terminal in characters, as columns', 25),
});

/** Values of the options. */
export type ConsoleOptions = OptionsOf<typeof CONSOLE_OPTIONS>;

/** The ports of a console: the console itself, then those of the `port` options. */
export function portsOf({ hostdev, port }: ConsoleOptions): readonly PortSpec[] {
  return [{ name: '', hostdev }, ...port];
}

/** Problems of the combination of ports. */
export function portProblems({ port }: ConsoleOptions): readonly OptionProblem[] {
  if (port.length > MOST_PORTS) {
    return [{ option: 'port', message: `a console has at most ${MOST_PORTS} more ports, not ${port.length}` }];
  }
  const twice = port.find(({ name }, index) => port.findIndex((other) => other.name === name) !== index);
  return twice === undefined ? [] : [{ option: 'port', message: `two ports are named ${twice.name}` }];
}

function portOf(text: string): PortSpec {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon);
  const hostdev = text.slice(colon + 1);
  if (colon < 0 || !NAME.test(name) || hostdev === '') {
    throw new QvmError('vdev.option', `${show(text)} is not NAME:HOSTDEV, such as "agent:stream:agent"`);
  }
  return { name, hostdev };
}
