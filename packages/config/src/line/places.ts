import { show } from '@qvm/core/options';
import type { ArchitectureName } from '../names.js';
import type { Located } from '../location.js';
import type { Token } from './lexer.js';
import type { LineReader, Part } from './line-reader.js';
import { splitToken } from './line-reader.js';

const SPACE = /^(mem|io|pci):/;

/** `pci:[BUS:]DEVICE[.FUNCTION]`; numbers are decimal, or hexadecimal with `0x`. */
const PCI_PLACE = /^pci:(?:(0x[0-9a-f]+|[0-9]+):)?(0x[0-9a-f]+|[0-9]+)(?:\.([0-7]))?$/i;
const PCI_DEVICES = 32;

/** A location in one of the address spaces of a guest, with the parts that follow its address. */
export interface Location {
  readonly space: 'mem' | 'io';
  readonly parts: readonly [Part, ...Part[]];
}

/**
 * The place on the PCI bus that a location names, as the option `pci` of a vdev: device in hexadecimal, and function. `undefined` for
 * locations in other spaces; `null` for one that is no place on bus 0, which is reported.
 */
export function pciPlace(token: Token, reader: LineReader): Located<string> | null | undefined {
  if (SPACE.exec(token.text)?.[1] !== 'pci') return undefined;
  const [, bus = '0', device = '', fn = '0'] = PCI_PLACE.exec(token.text) ?? [];
  if (device !== '' && Number(bus) === 0 && Number(device) < PCI_DEVICES) {
    return { value: `${Number(device).toString(16)}.${fn}`, at: reader.at(token, 'pci:'.length) };
  }
  reader.error(
    token,
    'config.bad-location',
    `${show(token.text)} is no place on the PCI bus 0`,
    'right would be pci:0:4.0',
  );
  return null;
}

/** Reports a location on a PCI bus for what has none: it is ignored, and the VM chooses an address. */
export function reportPci(token: Token, reader: LineReader): void {
  const message = `it is no PCI function: ${show(token.text)} is not obeyed, and the VM chooses a place in memory`;
  reader.findings.warning(reader.at(token), 'config.not-supported', message, 'write loc ADDRESS');
}

/**
 * A location, `[mem:|io:]ADDRESS[,…]`, without its space; `undefined` for one on a PCI bus, which is reported as {@link reportPci}
 * does.
 */
export function location(token: Token, reader: LineReader): Location | undefined {
  const space = SPACE.exec(token.text)?.[1];
  if (space === 'pci') {
    reportPci(token, reader);
    return undefined;
  }
  const [first, ...others] = splitToken(token, reader);
  if (first === undefined) return undefined;
  if (space === undefined) return { space: 'mem', parts: [first, ...others] };
  const plain = { value: first.value.slice(space.length + 1), at: reader.at(token, space.length + 1) };
  return { space: space === 'io' ? 'io' : 'mem', parts: [plain, ...others] };
}

/** The parts of a location in memory; reports I/O ports, which `verb` cannot be done with. */
export function memoryLocation(token: Token, reader: LineReader, verb: string): readonly Part[] | undefined {
  const found = location(token, reader);
  if (found?.space !== 'io') return found?.parts;
  reader.error(token, 'config.bad-location', `I/O ports cannot be ${verb}`, 'give an address in memory');
  return undefined;
}

/** For messages about interrupts. */
export const INTERRUPT_HINT = 'right would be gic:37 or ioapic:4';

const INTERRUPT = /^(?:([A-Za-z0-9][A-Za-z0-9._-]*):)?([0-9]{1,5}|0x[0-9a-fA-F]{1,4})$/;

/** Types of vdevs that are interrupt controllers; interrupts can name them by their `name`, too. */
export const CONTROLLER_TYPES: ReadonlySet<string> = new Set(['gic', 'ioapic', 'pic']);

/** Names of interrupt controllers whose inputs a configuration may number, with the architecture of their guests. */
export const INTERRUPT_CONTROLLERS: ReadonlyMap<string, ArchitectureName> = new Map([
  ['gic', 'aarch64'],
  ['ioapic', 'x86_64'],
  ['8259', 'x86_64'],
]);

/**
 * The number of an interrupt, `gic:N`, `ioapic:N`, or `NAME:N` with the name of a controller in the same file, which is checked at its end. `,u`, `,t` and `=HOSTVECTOR` of a passed interrupt concern host
 * hardware and have no effect; neither has `apic`, the output of an interrupt controller, which its board connects.
 */
export function interruptNumber(token: Token, reader: LineReader): Located<string> | undefined {
  const [plain = ''] = token.text.split(/[,=]/, 1);
  if (plain === 'apic') {
    reader.ignored(token, 'the board connects the local APICs');
    return undefined;
  }
  const match = INTERRUPT.exec(plain);
  const controller = match?.[1];
  const number = match?.[2];
  if (number === undefined) {
    reader.error(token, 'config.bad-interrupt', `${show(token.text)} is no interrupt`, INTERRUPT_HINT);
    return undefined;
  }
  if (controller !== undefined) reader.controllers.push({ value: controller, at: reader.at(token) });
  return { value: number, at: reader.at(token, controller === undefined ? 0 : controller.length + 1) };
}
